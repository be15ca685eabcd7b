import { InputError } from "../errors.js";
import { checkOptions } from "../lib/options.js";
import { encodeScanCode } from "./codec.js";
import { type Ink, inkOf } from "./ink.js";
import { CODE_SIZE } from "./layout.js";
import { scanCodeRings } from "./rings.js";
import { payloadOf, type ScanCodeSource } from "./source.js";

/** How a scan code is drawn on a terminal. */
export interface TerminalOptions {
  /**
   * What the terminal looks like: `"dark"` (default) writes light text on a dark ground, `"light"` the other way round. The
   * code is light on dark on both; on a light terminal its ground is written, and its ink left out.
   */
  readonly theme?: "dark" | "light";
  /** Columns, 56 to 400; the drawing has half as many lines, rounded up. Default 80. */
  readonly width?: number;
}

/** Below, a code no longer reads back without corrections. */
const MIN_WIDTH = 56;
const MAX_WIDTH = 400;

/** Side of the square that is drawn, in units of the code: the code and a little quiet around it. */
const DRAWN_SIZE = CODE_SIZE * 1.02;

/** Points in a row of the grid by which the share of ink in a pixel is estimated. Odd, so that no share is a half. */
const GRID = 5;

/**
 * The scan code of an intent, or of 20 bytes of payload, as lines of half blocks for a terminal. A character is taken to be
 * twice as high as wide, so that the code is round. No escape sequences, and no newline at the end.
 *
 * @param source an intent, or the 20 bytes of its payload
 * @throws InputError naming the option that cannot be used
 * @example
 * ```ts
 * import { toTerminal } from "code-intents/scan-code";
 *
 * process.stdout.write(`${toTerminal(intent, { theme: "dark", width: 100 })}\n`);
 * ```
 */
export function toTerminal(source: ScanCodeSource, options: TerminalOptions = {}): string {
  const rings = scanCodeRings(encodeScanCode(payloadOf(source)));
  checkOptions(options, "", ["theme", "width"]);
  const { theme = "dark", width = 80 }: TerminalOptions = options;
  if (theme !== "dark" && theme !== "light") {
    throw new InputError("invalid_option", "theme", 'must be "dark" or "light"');
  }
  if (!Number.isInteger(width) || width < MIN_WIDTH || width > MAX_WIDTH) {
    throw new InputError(
      "invalid_option",
      "width",
      `must be a whole number of columns, ${MIN_WIDTH} to ${MAX_WIDTH}`,
    );
  }

  const ink = inkOf(rings);
  const pixel = DRAWN_SIZE / width;
  const isWritten = (column: number, row: number): boolean => {
    const [left, top] = [column * pixel - DRAWN_SIZE / 2, row * pixel - DRAWN_SIZE / 2];
    const isInk = share(ink, left, top, pixel) > 0.5;
    return theme === "dark"
      ? isInk
      : !isInk && Math.hypot(left + pixel / 2, top + pixel / 2) <= DRAWN_SIZE / 2;
  };
  return Array.from({ length: Math.ceil(width / 2) }, (_, line) =>
    Array.from({ length: width }, (_, column) =>
      block(isWritten(column, 2 * line), isWritten(column, 2 * line + 1)),
    ).join(""),
  ).join("\n");
}

/** Which share of a pixel is inked, given its upper left corner and its side. */
function share(ink: Ink, left: number, top: number, side: number): number {
  let inked = 0;
  for (let row = 0; row < GRID; row++) {
    for (let column = 0; column < GRID; column++) {
      if (ink(left + ((column + 0.5) / GRID) * side, top + ((row + 0.5) / GRID) * side)) inked++;
    }
  }
  return inked / (GRID * GRID);
}

function block(upper: boolean, lower: boolean): string {
  if (upper) return lower ? "█" : "▀";
  return lower ? "▄" : " ";
}
