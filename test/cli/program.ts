import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, vi } from "vitest";
import { main } from "../../src/cli/run.js";
import { type BuiltProgram, builtProgram } from "../support/built-package.js";
import { FakeProcess, type TerminalSize } from "./fake-process.js";
import { watchedForLeaks } from "./leaks.js";

/** How the program ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program while it runs. */
export interface Running {
  readonly ended: Promise<Ended>;
  /** Resolves with the content of a stream once it matches. Rejects if the program ends before. */
  said(what: RegExp, stream?: "stdout" | "stderr"): Promise<string>;
  kill(signal?: NodeJS.Signals): boolean;
}

/** The program while it runs as a process. */
export interface RunningProcess extends Running {
  readonly process: ChildProcess;
}

/** How the program is run. */
export interface RunOptions {
  /** Content of standard input. `null` keeps it open. Default: empty. */
  readonly stdin?: string | Uint8Array | null;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** How the program is run within this process. */
export interface InProcessOptions extends RunOptions {
  /** Makes its streams a terminal of this size, which shows what is written and nothing else. */
  readonly terminal?: TerminalSize | undefined;
}

// Generous limits for a busy machine. No process outlives its test.
const TEST_MS = 120_000;
const LIMIT_MS = 100_000;

/** The program in a separate working directory. */
export class Program {
  readonly directory: string;
  /** The script that Node runs as the program. */
  readonly main: string;
  /** The program in the files of the published package. */
  readonly unbundled: string;

  constructor(directory: string, { bundled, unbundled }: BuiltProgram) {
    this.directory = directory;
    this.main = bundled;
    this.unbundled = unbundled;
  }

  /** Runs the program in this process. */
  run(args: readonly string[], options: InProcessOptions = {}): Promise<Ended> {
    return this.start(args, options).ended;
  }

  /** Runs like {@link Program.run} and parses the output as JSON. Throws if the program fails. */
  async json<T>(args: readonly string[], options: InProcessOptions = {}): Promise<T> {
    const { code, stdout, stderr } = await this.run([...args, "--json"], options);
    if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout);
  }

  /** Starts it within this process. Its end is a rejection where it leaves anything open. */
  start(args: readonly string[], { stdin = "", env = {}, terminal }: InProcessOptions = {}): Running {
    const fake = new FakeProcess({
      directory: this.directory,
      env: { ...baseEnvironment(), ...env },
      stdin,
      terminal,
    });
    const { stdout, stderr } = fake;
    const ended = watchedForLeaks(() => main(args, fake)).then(({ result: code, leaks }) => {
      const left = [...leaks, ...fake.leftovers()];
      if (left.length > 0) throw new Error(`${args.join(" ")} left ${left.join(", ")} behind`);
      return { code, signal: null, stdout: stdout.text, stderr: stderr.text };
    });
    // Callers that await the end see the rejection.
    ended.catch(() => {});
    const texts = { stdout: () => stdout.text, stderr: () => stderr.text };
    return {
      ended,
      kill: (signal) => fake.kill(signal),
      said: (what, stream = "stdout") =>
        matching(what, texts[stream], ended, (look) => fake[stream].watch(look)),
    };
  }

  /** Runs the program as a process, from a build of the sources. */
  process(args: readonly string[], options: RunOptions = {}): RunningProcess {
    return this.spawn(process.execPath, [this.main, ...args], options);
  }

  /**
   * Runs it as a process on a pseudo-terminal of this size. Standard input is the keyboard; `stdout` is the
   * screen.
   */
  onTerminal(
    args: readonly string[],
    options: RunOptions & { columns?: number; rows?: number } = {},
  ): RunningProcess {
    const { columns = 80, rows = 40, env, ...rest } = options;
    const command = [process.execPath, this.main, ...args].map(quoted).join(" ");
    return this.spawn(
      "script",
      ["--quiet", "--return", "--command", `stty cols ${columns} rows ${rows}; exec ${command}`, "/dev/null"],
      { stdin: null, env: { TERM: "xterm-256color", SHELL: "/bin/sh", ...env }, ...rest },
    );
  }

  /** Runs another program in the same environment. */
  spawn(command: string, args: readonly string[], { stdin = "", env = {} }: RunOptions = {}): RunningProcess {
    const child = spawn(command, args, {
      cwd: this.directory,
      env: { ...baseEnvironment(), ...env },
      stdio: "pipe",
    });
    return follow(child, stdin);
  }

  /** Writes a file to the working directory. */
  async write(name: string, content: string | object): Promise<string> {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    await writeFile(join(this.directory, name), text);
    return name;
  }
}

/** Returns the environment without variables of the test runner, such as its colors or its sequencer. */
function baseEnvironment(): Record<string, string | undefined> {
  const { PATH, HOME, LANG } = process.env;
  return { PATH, HOME, LANG, TZ: "UTC" };
}

/** Creates the working directory of the program before the tests of a file, and removes it afterwards. */
export function useProgram(): { readonly current: Program } {
  vi.setConfig({ testTimeout: TEST_MS });
  let program: Program | undefined;
  beforeAll(async () => {
    const [directory, built] = await Promise.all([
      mkdtemp(join(tmpdir(), "code-intents-cli-work-")),
      builtProgram(),
    ]);
    program = new Program(directory, built);
  });
  afterAll(async () => {
    if (program !== undefined) await rm(program.directory, { recursive: true, force: true });
  });
  return {
    get current() {
      if (program === undefined) throw new Error("the working directory is made before the tests run");
      return program;
    },
  };
}

/** Parses every line of a text as JSON. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

function follow(child: ReturnType<typeof spawn>, stdin: RunOptions["stdin"]): RunningProcess {
  const text = { stdout: "", stderr: "" };
  const listeners = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (chunk: string) => {
      text[name] += chunk;
      for (const listener of listeners) listener();
    });
  }
  // A program that does not read its input closes the pipe.
  child.stdin?.on("error", () => {});
  if (stdin !== null) child.stdin?.end(stdin);
  const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, ...text });
    });
  });
  return {
    process: child,
    ended,
    kill: (signal) => child.kill(signal),
    said: (what, stream = "stdout") =>
      matching(
        what,
        () => text[stream],
        ended,
        (look) => listeners.add(look),
      ),
  };
}

/** Resolves with a growing text once it matches. Rejects if the program ends before. */
function matching(
  what: RegExp,
  text: () => string,
  ended: Promise<Ended>,
  onGrowth: (look: () => void) => unknown,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (what.test(text())) resolve(text());
    };
    onGrowth(look);
    look();
    ended.then(
      ({ code, stdout, stderr }) =>
        reject(new Error(`ended with ${code} without ${what}: ${stdout}${stderr}`)),
      reject,
    );
  });
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
