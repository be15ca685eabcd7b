import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, vi } from "vitest";
import { type InstalledPackage, installPackage } from "./installed.js";

/** How the program ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program while it runs. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves with all of a stream once it matches; rejects where the program ends without. */
  said(what: RegExp, stream?: "stdout" | "stderr"): Promise<string>;
}

/** How the program is run. */
export interface RunOptions {
  /** All of standard input, which ends then. Default: it is empty. Keep it open with `null`. */
  readonly stdin?: string | Uint8Array | null;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

// Many processes on a busy machine take their time. Nothing outlives its test.
const TEST_MS = 120_000;
const LIMIT_MS = 100_000;

/** The program, run as a process from a build of the sources, in a working directory of its own. */
export class Program {
  readonly directory: string;
  readonly installed: InstalledPackage;

  constructor(installed: InstalledPackage, directory: string) {
    this.installed = installed;
    this.directory = directory;
  }

  /** Runs it to its end, without a terminal. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return this.start(args, options).ended;
  }

  /** As {@link Program.run}, and gives what it wrote as JSON; throws where it failed. */
  async json<T>(args: readonly string[], options: RunOptions = {}): Promise<T> {
    const { code, stdout, stderr } = await this.run([...args, "--json"], options);
    if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout);
  }

  start(args: readonly string[], options: RunOptions = {}): Running {
    return this.spawn(process.execPath, [this.installed.main, ...args], options);
  }

  /** Runs it on a pseudo-terminal of this size. Standard input is the keyboard; `stdout` is the screen. */
  onTerminal(
    args: readonly string[],
    options: RunOptions & { columns?: number; rows?: number } = {},
  ): Running {
    const { columns = 80, rows = 40, env, ...rest } = options;
    const command = [process.execPath, this.installed.main, ...args].map(quoted).join(" ");
    return this.spawn(
      "script",
      ["--quiet", "--return", "--command", `stty cols ${columns} rows ${rows}; exec ${command}`, "/dev/null"],
      { stdin: null, env: { TERM: "xterm-256color", SHELL: "/bin/sh", ...env }, ...rest },
    );
  }

  /** Runs another program in the same surroundings. */
  spawn(command: string, args: readonly string[], { stdin = "", env = {} }: RunOptions = {}): Running {
    const { PATH, HOME, LANG } = process.env;
    const child = spawn(command, args, {
      cwd: this.directory,
      // Nothing of the test runner's surroundings, such as its colours or its sequencer.
      env: { PATH, HOME, LANG, TZ: "UTC", ...env },
      stdio: "pipe",
    });
    return follow(child, stdin);
  }

  /** Writes a file into the working directory. */
  async write(name: string, content: string | object): Promise<string> {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    await writeFile(join(this.directory, name), text);
    return name;
  }
}

/** Installs the program before the tests of a file, and removes it after them. */
export function useProgram(): { readonly current: Program } {
  vi.setConfig({ testTimeout: TEST_MS });
  let program: Program | undefined;
  beforeAll(async () => {
    const [installed, directory] = await Promise.all([
      installPackage(),
      mkdtemp(join(tmpdir(), "code-intents-cli-work-")),
    ]);
    program = new Program(installed, directory);
  });
  afterAll(async () => {
    await program?.installed.remove();
    if (program !== undefined) await rm(program.directory, { recursive: true, force: true });
  });
  return {
    get current() {
      if (program === undefined) throw new Error("the program is installed before the tests run");
      return program;
    },
  };
}

/** Every line of a text as JSON. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

function follow(child: ReturnType<typeof spawn>, stdin: RunOptions["stdin"]): Running {
  const text = { stdout: "", stderr: "" };
  const listeners = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (chunk: string) => {
      text[name] += chunk;
      for (const listener of listeners) listener();
    });
  }
  // A program that does not read its input closes it.
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
    said: (what, stream = "stdout") =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!what.test(text[stream])) return;
          listeners.delete(look);
          resolve(text[stream]);
        };
        listeners.add(look);
        look();
        ended.then(
          ({ code, stdout, stderr }) =>
            reject(new Error(`ended with ${code} without ${what}: ${stdout}${stderr}`)),
          reject,
        );
      }),
  };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
