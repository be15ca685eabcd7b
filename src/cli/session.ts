import { isAbsolute, sep } from "node:path";
import { escapeControls } from "../escape-controls.js";
import { EXIT } from "./failure/exit-codes.js";
import { Inputs, type StandardInput } from "./io/inputs.js";
import { Outputs } from "./io/outputs.js";
import { type SignalSource, Signals } from "./io/signals.js";
import { type Detail, detailLines } from "./terminal/columns.js";
import { Screen, StatusLine, type Stream } from "./terminal/screen.js";

/** The part of a process that commands use. `process` fits. */
export interface ProcessLike extends SignalSource {
  readonly stdin: StandardInput;
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The working directory. */
  cwd(): string;
}

/** How output is formatted. */
export interface OutputOptions {
  /** Whether output is JSON. */
  readonly json: boolean;
  /** Whether `--no-color` was given. */
  readonly noColor: boolean;
}

/** The inputs, outputs and signals of one command. */
export class Session {
  readonly json: boolean;
  /** stdout, for results. */
  readonly out: Screen;
  /** stderr, for errors, warnings and progress. */
  readonly err: Screen;
  readonly status: StatusLine;
  readonly inputs: Inputs;
  readonly outputs: Outputs;
  readonly signals: Signals;
  readonly env: ProcessLike["env"];
  readonly #process: ProcessLike;
  /** Exit code of the command. */
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
      beforePrompt: () => this.note("Reading from the terminal. Press Ctrl-D to finish."),
    });
    this.outputs = new Outputs((path) => this.resolvePath(path));
  }

  /** The working directory. */
  get directory(): string {
    return this.#process.cwd();
  }

  /** Resolves a path of the command line against the working directory. */
  resolvePath(path: string): string {
    // An empty path must not name the directory. No normalization: the file system resolves `..` after a
    // link.
    return path === "" || isAbsolute(path) ? path : `${this.directory}${sep}${path}`;
  }

  /** Writes the result of a command: `document` as JSON, or whatever `human` writes. */
  result(document: object, human: () => void): void {
    if (this.json) this.out.line(JSON.stringify(document, undefined, this.out.isTerminal ? 2 : undefined));
    else human();
  }

  /** Writes one of several results: `document` as a line of JSON, or whatever `human` writes. */
  event(document: object, human: () => void): void {
    if (this.json) this.out.line(JSON.stringify(document));
    else human();
  }

  /** Writes a heading with aligned details below it. */
  details(heading: string, details: readonly Detail[]): void {
    const { out } = this;
    out.line(out.paint("bold", heading));
    out.line();
    out.line(detailLines(out, details));
  }

  /** Writes commands to run next. */
  nextSteps(why: string, ...commands: readonly string[]): void {
    const { out } = this;
    out.line();
    out.line(out.paint("dim", why));
    for (const command of commands) out.line(`  ${out.paint("cyan", escapeControls(command))}`);
  }

  /** Writes a remark to stderr. Omitted with `--json`. */
  note(text: string): void {
    if (!this.json) this.err.prose(this.err.paint("dim", escapeControls(text)));
  }

  /** Writes a warning to stderr. */
  warn(text: string): void {
    const message = escapeControls(text.replace(/^code-intents: /, ""));
    if (this.json) this.err.line(JSON.stringify({ type: "warning", message }));
    else this.err.prose(`${this.err.paint("yellow", "warning:")} ${message}`, 9);
  }
}
