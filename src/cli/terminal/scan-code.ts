import type { Screen } from "./screen.js";

/** Fewest columns at which a scan code can be read. */
export const MIN_SCAN_CODE_WIDTH = 56;

// A wider code is not easier to scan.
const MAX_WIDTH = 64;

/** Returns whether the screen is a terminal that is wide enough for a scan code. */
export function fitsScanCode({ columns = 0 }: Screen): boolean {
  return columns >= MIN_SCAN_CODE_WIDTH;
}

/** Draws the scan code of a payload on a terminal that is wide enough. */
export async function drawScanCode(screen: Screen, payload: Uint8Array): Promise<void> {
  screen.line(await scanCodeLines(screen, payload, Math.min(screen.columns ?? 0, MAX_WIDTH)));
}

/** Returns a scan code as lines. With colors, it is light on dark, whatever the terminal's colors are. */
export async function scanCodeLines(screen: Screen, payload: Uint8Array, width: number): Promise<string> {
  const { toTerminal } = await import("../../scan-code/index.js");
  return toTerminal(payload, { width })
    .split("\n")
    .map((line) => screen.paint(["whiteBright", "bgBlack"], line))
    .join("\n");
}
