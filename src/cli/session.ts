import { isAbsolute, sep } from "node:path";
import { escapeControls } from "../lib/escape-controls.js";
import { EXIT } from "./failure/exit-codes.js";
import { Inputs, type StandardInput } from "./io/inputs.js";
import { Outputs } from "./io/outputs.js";
import { type SignalSource, Signals } from "./io/signals.js";
import { type Detail, detailLines } from "./terminal/columns.js";
import { Screen, StatusLine, type Stream } from "./terminal/screen.js";

/** All of a process that a command uses; `process` fits. */
export interface ProcessLike extends SignalSource {
  readonly stdin: StandardInput;
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The working directory. */
  cwd(): string;
}

/** How everything is written. */
export interface OutputOptions {
  /** One document, or one line per event, for programs. */
  readonly json: boolean;
  /** Whether `--no-color` was given. */
  readonly noColor: boolean;
}

/** What a command works with: where it reads, where it writes, and what ends it. */
export class Session {
  readonly json: boolean;
  /** Results. */
  readonly out: Screen;
  /** Errors, warnings, signs of life. */
  readonly err: Screen;
  readonly status: StatusLine;
  readonly inputs: Inputs;
  readonly outputs: Outputs;
  readonly signals: Signals;
  readonly env: ProcessLike["env"];
  readonly #process: ProcessLike;
  /** What the command ended with. */
  exitCode: number = EXIT.done;

  constructor(process: ProcessLike, { json, noColor }: OutputOptions) {
    const { stdout, stderr, env } = process;
    this.json = json;
    this.env = env;
    this.#process = process;
    this.signals = new Signals(process);
    this.status = new StatusLine(stderr);
    this.out = new Screen(stdout, this.status, { env, disabled: noColor });
    this.err = new Screen(stderr, this.status, { env, disabled: noColor });
    this.inputs = new Inputs({
      stdin: () => process.stdin,
      resolvePath: (path) => this.resolvePath(path),
      signal: this.signals.aborted,
      beforePrompt: () => this.note("Reading from the terminal. End with Ctrl-D."),
    });
    this.outputs = new Outputs((path) => this.resolvePath(path));
  }

  /** The working directory. */
  get directory(): string {
    return this.#process.cwd();
  }

  /** Where a path of the command line leads. */
  resolvePath(path: string): string {
    // An empty path names nothing, and not the directory; `..` behind a link is for the file system to follow.
    return path === "" || isAbsolute(path) ? path : `${this.directory}${sep}${path}`;
  }

  /** The result of a command: a document for programs, or what `human` writes. */
  result(document: object, human: () => void): void {
    if (this.json) this.out.line(JSON.stringify(document, undefined, this.out.isTerminal ? 2 : undefined));
    else human();
  }

  /** One of several results: a line of JSON, or what `human` writes. */
  event(document: object, human: () => void): void {
    if (this.json) this.out.line(JSON.stringify(document));
    else human();
  }

  /** A heading and aligned details below it, for people. */
  details(heading: string, details: readonly Detail[]): void {
    const { out } = this;
    out.line(out.paint("bold", heading));
    out.line();
    out.line(detailLines(out, details));
  }

  /** What to do next, for people. */
  nextSteps(why: string, ...commands: readonly string[]): void {
    const { out } = this;
    out.line();
    out.line(out.paint("dim", why));
    for (const command of commands) out.line(`  ${out.paint("cyan", escapeControls(command))}`);
  }

  /** What is worth knowing beside the result; on stderr, and only for people. */
  note(text: string): void {
    if (!this.json) this.err.prose(this.err.paint("dim", escapeControls(text)));
  }

  /** What a developer should know; on stderr. */
  warn(text: string): void {
    const message = escapeControls(text.replace(/^code-intents: /, ""));
    if (this.json) this.err.line(JSON.stringify({ type: "warning", message }));
    else this.err.prose(`${this.err.paint("yellow", "warning:")} ${message}`, 9);
  }
}
