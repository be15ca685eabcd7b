import { styleText } from "node:util";
import { escapeControls } from "../../lib/escape-controls.js";
import { wrap } from "./wrap.js";

/** How a text looks, as `util.styleText` names it. */
export type Style = Parameters<typeof styleText>[0];

/** The part of a stream that is used; `process.stdout` fits. */
export interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string | Uint8Array): boolean;
}

/** What decides on colour, beside the stream. */
export interface ColorOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether `--no-color` was given. */
  readonly disabled: boolean;
}

/** A line that is rewritten in place below everything else, to show that the program lives. */
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

/** One of the two places to write to. */
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

  /** Columns of the terminal, `undefined` where there is none. */
  get columns(): number | undefined {
    // A terminal that does not know its size says 0.
    return this.isTerminal && this.#stream.columns ? Math.max(40, this.#stream.columns) : undefined;
  }

  /** Width of prose, in columns: comfortable to read, and no wider than the terminal. */
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

  /** Sentences, wrapped, with `indent` blanks before every line but the first. */
  prose(text: string, indent = 0): void {
    this.line(wrap(text, this.proseWidth, indent));
  }

  /**
   * Writes text, or bytes unchanged. Text can colour itself and break lines, but not control the terminal in any other
   * way: a peer's words, a file's name or a document may hold anything.
   */
  write(text: string | Uint8Array): void {
    if (this.isTerminal) this.#status.hide();
    this.#stream.write(typeof text === "string" ? escapeBetween(laidOut, text) : text);
    if (this.isTerminal) this.#status.show();
  }
}

// The colours and weights that this program writes. None of them hides text.
const styles = "\\u001b\\[(?:[012]|22|3[1-69]|4[09]|97)m";
const styled = new RegExp(`(${styles})`);
const laidOut = new RegExp(`(${styles}|[\\n\\t])`);

/** Escapes text that may be styled, for one line. */
export function escapeLine(text: string): string {
  return escapeBetween(styled, text);
}

function escapeBetween(kept: RegExp, text: string): string {
  return text
    .split(kept)
    .map((part, index) => (index % 2 === 1 ? part : escapeControls(part)))
    .join("");
}

// The first that has an opinion decides, as Node itself has it: FORCE_COLOR goes before NO_COLOR.
function wantsColor(isTerminal: boolean, { env, disabled }: ColorOptions): boolean {
  if (disabled) return false;
  const { FORCE_COLOR, NO_COLOR, TERM } = env;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  if (NO_COLOR !== undefined && NO_COLOR !== "") return false;
  return isTerminal && TERM !== "dumb";
}
