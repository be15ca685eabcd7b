/** Size of a page. */
export interface PageSize {
  /** Bytes of the files that it loads initially, minified and gzipped. */
  readonly atOnce: number;
  /** Bytes of all files that it loads until it watches. */
  readonly inAll: number;
  /** Sources of all files that it loads. */
  readonly inputs: readonly string[];
  /** Sources of the files that it loads initially. */
  readonly inputsAtOnce: readonly string[];
}

export function pageSizes(directory?: string): Promise<Record<"code" | "envelope" | "connect", PageSize>>;
