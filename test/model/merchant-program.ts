import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import type { MerchantReport, PointReport } from "./messages.js";

/**
 * Bundles the merchant's process: the sources of examples/checkout with the sources of the package. Returns the
 * path of the program.
 *
 * @param directory an empty directory for the program and its links
 */
export async function buildMerchant(repository: string, directory: string): Promise<string> {
  const outfile = join(directory, "server", "merchant.mjs");
  await mkdir(join(directory, "server"));
  await symlink(join(repository, "node_modules"), join(directory, "node_modules"), "dir");
  // The shop reads its pages from beside its server. Here no browser loads their scripts.
  await symlink(join(repository, "examples", "checkout", "page"), join(directory, "page"), "dir");
  await build({
    entryPoints: [join(repository, "test", "model", "merchant", "process.ts")],
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    conditions: ["code-intents-source", "node"],
    alias: {
      "code-intents": join(repository, "src", "index.ts"),
      "code-intents/webhook": join(repository, "src", "webhook", "index.ts"),
    },
    // A single file loads in half the time. Its CommonJS modules need a `require` for Node's own modules.
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
    },
    // It reads its WebAssembly from beside its own module.
    external: ["node-sqlite3-wasm", "bufferutil", "utf-8-validate"],
    logLevel: "error",
    outfile,
  });
  return outfile;
}

const LONGEST_START_MS = 120_000;

/** Receives the merchant's reports. */
export interface MerchantListener {
  /** The merchant waits at the point until the promise resolves. */
  readonly atPoint: (report: PointReport) => Promise<void>;
  readonly onRound: () => void;
  readonly onIdle: () => void;
}

/** A merchant's process that can be killed and restarted at the same port. */
export class Merchant {
  readonly #program: string;
  readonly #env: Record<string, string>;
  readonly #listener: MerchantListener;
  #child: ChildProcess | undefined;
  #starting: Promise<void> = Promise.resolve();
  #isEnding = false;
  #output = "";
  /** Address of the shop. */
  url = "";
  /** Number of times that it was killed. */
  kills = 0;
  /** Set if it ended without being killed, or does not start. */
  failure: string | undefined;

  constructor(program: string, env: Record<string, string>, listener: MerchantListener) {
    this.#program = program;
    this.#env = { ...env, PORT: "0" };
    this.#listener = listener;
  }

  /** Its last lines of output, over all restarts. */
  get output(): string {
    return this.#output;
  }

  /** Resolves when it serves, also after a restart. */
  start(): Promise<void> {
    this.#starting = new Promise((resolve) => {
      const { PATH = "" } = process.env;
      const child = spawn(process.execPath, [this.#program], {
        env: { PATH, ...this.#env },
        stdio: ["ignore", "pipe", "pipe", "ipc"],
      });
      this.#child = child;
      const limit = setTimeout(() => {
        this.#fail("did not start in time");
        child.kill("SIGKILL");
      }, LONGEST_START_MS);
      const keep = (text: string) => {
        // An uncaught error in a bundle prints a line of its complete source.
        const lines = text.split("\n").filter((line) => line.length < 400);
        this.#output = (this.#output + lines.join("\n")).slice(-4_000);
      };
      child.stdout?.setEncoding("utf8").on("data", keep);
      child.stderr?.setEncoding("utf8").on("data", keep);
      child.on("message", (report: MerchantReport) => {
        if (child !== this.#child) return;
        if (report.type === "open") {
          clearTimeout(limit);
          this.url = report.url;
          this.#env.PORT = new URL(report.url).port;
          resolve();
        } else if (report.type === "round") this.#listener.onRound();
        else if (report.type === "idle") this.#listener.onIdle();
        else void this.#answer(child, report);
      });
      child.once("close", (code, signal) => {
        clearTimeout(limit);
        if (child === this.#child && !this.#isEnding) this.#fail(`ended with ${code ?? signal}`);
        resolve();
      });
    });
    return this.#starting;
  }

  async #answer(child: ChildProcess, report: PointReport): Promise<void> {
    await this.#listener.atPoint(report);
    if (child === this.#child && child.connected) child.send(report.number, () => {});
  }

  #fail(failure: string): void {
    this.failure ??= `the merchant ${failure}: ${this.#output}`;
  }

  /**
   * Kills the process without warning and restarts it. Returns `false` if it is already on its way down or up.
   */
  kill(): boolean {
    const child = this.#child;
    if (child === undefined || this.failure !== undefined) return false;
    this.#child = undefined;
    this.kills += 1;
    child.once("close", () => {
      if (!this.#isEnding) void this.start();
    });
    child.kill("SIGKILL");
    return true;
  }

  /** Resolves when the process has ended for good. */
  async end(): Promise<void> {
    this.#isEnding = true;
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
    child.kill("SIGKILL");
    await closed;
  }
}
