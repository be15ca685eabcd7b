import type { Screen } from "./screen.js";

// Below, a code does not read back; above, it fills the screen without being easier to scan.
const MIN_WIDTH = 56;
const MAX_WIDTH = 64;

/** Draws the scan code of a payload on a terminal that is wide enough; says whether it did. */
export async function drawCode(screen: Screen, payload: Uint8Array): Promise<boolean> {
  const columns = screen.columns ?? 0;
  if (columns < MIN_WIDTH) return false;
  screen.line(await codeLines(screen, payload, Math.min(columns, MAX_WIDTH)));
  return true;
}

/** A scan code as lines, light on dark whatever the colours of the terminal, where there is colour. */
export async function codeLines(screen: Screen, payload: Uint8Array, width: number): Promise<string> {
  const { toTerminal } = await import("../scan-code/index.js");
  return toTerminal(payload, { width })
    .split("\n")
    .map((line) => screen.paint(["whiteBright", "bgBlack"], line))
    .join("\n");
}
