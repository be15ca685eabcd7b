import { styleText } from "node:util";
import { escapeControls } from "../../escape-controls.js";
import { wrap } from "./wrap.js";

/** A style of `util.styleText`. */
export type Style = Parameters<typeof styleText>[0];

/** The part of a stream that {@link Screen} uses. `process.stdout` fits. */
export interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string | Uint8Array): boolean;
}

/** What decides whether a screen uses colors, besides the stream. */
export interface ColorOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether `--no-color` was given. */
  readonly disabled: boolean;
}

/** A line below all other output that is rewritten in place, to show progress. */
export class StatusLine {
  readonly #stream: Stream;
  #text = "";

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /** Replaces the line; empty text removes it. */
  set(line: string): void {
    this.hide();
    const text = escapeControls(line);
    const room = (this.#stream.columns || 80) - 1;
    this.#text = text.length > room ? `${text.slice(0, room - 1)}…` : text;
    this.show();
  }

  hide(): void {
    if (this.#text !== "") this.#stream.write("\r\x1b[K");
  }

  show(): void {
    if (this.#text !== "") this.#stream.write(this.#text);
  }
}

/** stdout or stderr. */
export class Screen {
  readonly isTerminal: boolean;
  readonly #stream: Stream;
  readonly #status: StatusLine;
  #color: boolean;

  constructor(stream: Stream, status: StatusLine, options: ColorOptions) {
    this.#stream = stream;
    this.#status = status;
    this.isTerminal = stream.isTTY === true;
    this.#color = wantsColor(this.isTerminal, options);
  }

  get color(): boolean {
    return this.#color;
  }

  /** Columns of the terminal. `undefined` without a terminal. */
  get columns(): number | undefined {
    // A terminal of unknown size reports 0.
    return this.isTerminal && this.#stream.columns ? Math.max(40, this.#stream.columns) : undefined;
  }

  /** Width of prose in columns: at most 100, and at most that of the terminal. */
  get proseWidth(): number {
    return Math.min(this.columns ?? 100, 100);
  }

  paint(style: Style, text: string): string {
    return this.#color ? styleText(style, text, { validateStream: false }) : text;
  }

  /** Writes lines without wrapping them. */
  line(text = ""): void {
    this.write(`${text}\n`);
  }

  /** Writes wrapped sentences, with `indent` spaces before every line but the first. */
  prose(text: string, indent = 0): void {
    this.line(wrap(text, this.proseWidth, indent));
  }

  /**
   * Writes text with control characters escaped, except line breaks, tabs and this program's colors: the
   * words of a peer, the name of a file or a document can contain anything. Writes bytes unchanged.
   */
  write(text: string | Uint8Array): void {
    if (this.isTerminal) this.#status.hide();
    this.#stream.write(typeof text === "string" ? escapeBetween(laidOut, text) : text);
    if (this.isTerminal) this.#status.show();
  }
}

// The styles that this program uses. None of them hides text.
const styles = "\\u001b\\[(?:[012]|22|3[1-69]|4[09]|97)m";
const styled = new RegExp(`(${styles})`);
const laidOut = new RegExp(`(${styles}|[\\n\\t])`);

/** Escapes the control characters of a line, except styles. */
export function escapeLine(text: string): string {
  return escapeBetween(styled, text);
}

function escapeBetween(kept: RegExp, text: string): string {
  return text
    .split(kept)
    .map((part, index) => (index % 2 === 1 ? part : escapeControls(part)))
    .join("");
}

// The first variable that is set decides. FORCE_COLOR takes precedence over NO_COLOR, as in Node.
function wantsColor(isTerminal: boolean, { env, disabled }: ColorOptions): boolean {
  if (disabled) return false;
  const { FORCE_COLOR, NO_COLOR, TERM } = env;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  return isTerminal && TERM !== "dumb";
}
