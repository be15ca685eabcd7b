/** What a page loads. */
export interface PageSize {
  /** Bytes of the files that it loads at once, minified and gzipped. */
  readonly atOnce: number;
  /** Bytes of all that it loads until it listens. */
  readonly inAll: number;
  /** Sources of all that it loads. */
  readonly inputs: readonly string[];
  /** Sources of what it loads at once. */
  readonly inputsAtOnce: readonly string[];
}

export function pageSizes(directory?: string): Promise<Record<"code" | "envelope" | "connect", PageSize>>;
