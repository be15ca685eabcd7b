import { type Fact, factLines } from "./facts.js";
import { Inputs, type StandardInput } from "./inputs.js";
import { Screen, StatusLine, type Stream } from "./screen.js";
import { Signals } from "./signals.js";

/** What a session is made of; `process` fits. */
export interface Surroundings {
  readonly stdin: StandardInput;
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** How everything is written. */
export interface Manner {
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
  readonly signals: Signals = new Signals();
  readonly env: Surroundings["env"];

  constructor(surroundings: Surroundings, { json, noColor }: Manner) {
    const { stdout, stderr, env } = surroundings;
    this.json = json;
    this.env = env;
    this.status = new StatusLine(stderr);
    this.out = new Screen(stdout, this.status, { env, refused: noColor });
    this.err = new Screen(stderr, this.status, { env, refused: noColor });
    const onTerminal = () => this.note("Reading from the terminal. End with Ctrl-D.");
    // Opened when it is needed: a process that opens it cannot end before it does.
    this.inputs = new Inputs(() => surroundings.stdin, onTerminal, this.signals.aborted);
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

  /** A heading and aligned facts below it, for people. */
  facts(heading: string, facts: readonly Fact[]): void {
    const { out } = this;
    out.line(out.paint("bold", heading));
    out.line();
    out.line(factLines(out, facts));
  }

  /** What to do next, for people. */
  next(why: string, ...commands: readonly string[]): void {
    const { out } = this;
    out.line();
    out.line(out.paint("dim", why));
    for (const command of commands) out.line(`  ${out.paint("cyan", command)}`);
  }

  /** What is worth knowing beside the result; on stderr, and only for people. */
  note(text: string): void {
    if (!this.json) this.err.prose(this.err.paint("dim", text));
  }

  /** What a developer should know; on stderr. */
  warn(text: string): void {
    const message = text.replace(/^code-intents: /, "");
    if (this.json) this.err.line(JSON.stringify({ type: "warning", message }));
    else this.err.prose(`${this.err.paint("yellow", "warning:")} ${message}`, 9);
  }
}
