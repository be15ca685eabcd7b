import { InputError } from "../errors.js";
import { checkOptions } from "../lib/options.js";
import { encodeScanCode } from "./codec.js";
import { type Ink, inkOf } from "./ink.js";
import { CODE_SIZE } from "./layout.js";
import { scanCodeRings } from "./rings.js";
import { payloadOf, type ScanCodeSource } from "./source.js";

/** Options of {@link toTerminal}. */
export interface TerminalOptions {
  /**
   * Theme of the terminal: `"dark"` (default) means light text on a dark background, `"light"` the opposite.
   * The code is light on dark in both. On a light terminal, the background is printed and the ink is left
   * blank.
   */
  readonly theme?: "dark" | "light";
  /** Width in columns, 56 to 400. The drawing has half as many lines, rounded up. Default: 80. */
  readonly width?: number;
}

/** Below this width, a code no longer reads back without corrections. */
const MIN_WIDTH = 56;
const MAX_WIDTH = 400;

/** Side of the drawn square, in units of the code: the code and a small quiet zone. */
const DRAWN_SIZE = CODE_SIZE * 1.02;

/**
 * Sample points per row, used to estimate the share of ink in a pixel. Odd, so no share is exactly one half.
 */
const GRID = 5;

/**
 * Draws the scan code of an intent, or of a 20-byte payload, as lines of half blocks for a terminal. Assumes
 * characters that are twice as high as wide. Contains no escape sequences and no trailing newline.
 *
 * @param source an intent, or the 20 bytes of its payload
 * @throws InputError naming the invalid option
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
      `must be an integer number of columns from ${MIN_WIDTH} to ${MAX_WIDTH}`,
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

/** Returns the inked share of a pixel, given its upper left corner and its side. */
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
