import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import type { ProcessLike } from "../../src/cli/session.js";

/** The size of a terminal. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Options of {@link FakeProcess}. */
export interface FakeProcessInit {
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Content of standard input. `null` keeps it open. */
  readonly stdin: string | Uint8Array | null;
  /** Makes every stream a terminal. */
  readonly terminal?: TerminalSize | undefined;
}

/** A stream that records what is written to it. */
export class FakeOutput extends EventEmitter {
  readonly isTTY: boolean;
  readonly columns?: number;
  readonly rows?: number;
  readonly #chunks: Uint8Array[] = [];
  readonly #watchers: (() => void)[] = [];

  constructor(terminal: TerminalSize | undefined) {
    super();
    this.isTTY = terminal !== undefined;
    if (terminal === undefined) return;
    this.columns = terminal.columns;
    this.rows = terminal.rows;
  }

  get text(): string {
    return Buffer.concat(this.#chunks).toString("utf8");
  }

  write(text: string | Uint8Array): boolean {
    this.#chunks.push(typeof text === "string" ? Buffer.from(text) : Uint8Array.from(text));
    for (const watcher of this.#watchers) watcher();
    return true;
  }

  /** Calls `watcher` after each write. */
  watch(watcher: () => void): void {
    this.#watchers.push(watcher);
  }
}

/** The part of a process that the command line uses, as a test double. */
export class FakeProcess extends EventEmitter implements ProcessLike {
  readonly stdin: PassThrough & { isTTY?: boolean };
  readonly stdout: FakeOutput;
  readonly stderr: FakeOutput;
  readonly env: ProcessLike["env"];
  readonly #directory: string;

  constructor({ directory, env, stdin, terminal }: FakeProcessInit) {
    super();
    this.#directory = directory;
    // A process has no undefined variables.
    this.env = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
    this.stdin = new PassThrough();
    if (terminal !== undefined) this.stdin.isTTY = true;
    if (stdin !== null) this.stdin.end(stdin);
    this.stdout = new FakeOutput(terminal);
    this.stderr = new FakeOutput(terminal);
  }

  cwd(): string {
    return this.#directory;
  }

  /** Sends a signal like `kill`. Returns whether a listener received it. */
  kill(signal: NodeJS.Signals = "SIGTERM"): boolean {
    return this.emit(signal, signal);
  }

  exit(code: number): void {
    this.emit("exit", code);
  }

  /** Returns the listeners that a run has left behind. */
  leftovers(): string[] {
    return [
      ...this.eventNames().map((name) => `a listener for ${String(name)}`),
      ...(["stdout", "stderr"] as const).flatMap((name) =>
        this[name].eventNames().map((event) => `a listener for ${String(event)} of ${name}`),
      ),
    ];
  }
}
