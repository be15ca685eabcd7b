import type { Screen } from "./screen.js";

/** Columns below which a code does not read back. */
export const MIN_SCAN_CODE_WIDTH = 56;

// Above, it fills the screen without being easier to scan.
const MAX_WIDTH = 64;

/** Whether a scan code fits: there is a terminal, and it is wide enough. */
export function fitsScanCode({ columns = 0 }: Screen): boolean {
  return columns >= MIN_SCAN_CODE_WIDTH;
}

/** Draws the scan code of a payload on a terminal that it fits. */
export async function drawScanCode(screen: Screen, payload: Uint8Array): Promise<void> {
  screen.line(await scanCodeLines(screen, payload, Math.min(screen.columns ?? 0, MAX_WIDTH)));
}

/** A scan code as lines, light on dark whatever the colours of the terminal, where there is colour. */
export async function scanCodeLines(screen: Screen, payload: Uint8Array, width: number): Promise<string> {
  const { toTerminal } = await import("../../scan-code/index.js");
  return toTerminal(payload, { width })
    .split("\n")
    .map((line) => screen.paint(["whiteBright", "bgBlack"], line))
    .join("\n");
}
