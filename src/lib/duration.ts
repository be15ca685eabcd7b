/** Formats a duration for messages: `850 ms`, `3 s`, `1.5 s`. */
export function durationText(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`;
}
