import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The exit and the output of a child process. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running script. */
export interface Child {
  readonly process: ChildProcess;
  /** Resolves when it ends. It is killed after `limitMs`, so that it cannot outlive its test. */
  readonly exit: Promise<Exit>;
  /** Resolves once the script has printed this line; rejects if it ends first. */
  printed(line: string): Promise<void>;
}

/** A script that imports the package's sources and runs in plain Node. */
export interface Script {
  run(args?: readonly string[], limitMs?: number, env?: Readonly<Record<string, string>>): Child;
  remove(): Promise<void>;
}

/**
 * Bundles an ES module from its text. It imports the package's sources from `./src/...` and everything else
 * as usual.
 */
export async function buildScript(contents: string): Promise<Script> {
  const directory = await mkdtemp(join(tmpdir(), "code-intents-"));
  await symlink(join(root, "node_modules"), join(directory, "node_modules"), "dir");
  const outfile = join(directory, "script.mjs");
  await build({
    stdin: { contents, resolveDir: root, sourcefile: "script.ts", loader: "ts" },
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    conditions: ["code-intents-source", "node"],
    // A single file loads in half the time. Its CommonJS modules need a `require` for Node's own modules.
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
    },
    external: ["bufferutil", "utf-8-validate"],
    outfile,
    logLevel: "error",
  });
  return {
    run: (args = [], limitMs = 120_000, env = {}) => start([outfile, ...args], limitMs, env),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

function start(args: readonly string[], limitMs: number, added: Readonly<Record<string, string>>): Child {
  const { CODE_SEQUENCER_URL: _, NODE_OPTIONS: __, ...inherited } = process.env;
  const env = { ...inherited, ...added };
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env });
  let stdout = "";
  let stderr = "";
  const listeners = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
    for (const listener of listeners) listener();
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
  const exit = new Promise<Exit>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
  const printed = (line: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!stdout.split("\n").slice(0, -1).includes(line)) return;
        listeners.delete(look);
        resolve();
      };
      listeners.add(look);
      look();
      exit.then(({ stderr }) => reject(new Error(`ended before it printed ${line}: ${stderr}`)), reject);
    });
  return { process: child, exit, printed };
}
