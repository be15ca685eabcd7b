import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Emulator, type EmulatorOptions, type WebhookRequest } from "../../src/emulator/index.js";
import { PackedPackage, repository, run } from "../consumers/packed.js";

export const destination = "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";

/** The example, installed with the packed package and built. */
export class Checkout {
  readonly project: string;
  readonly #packed: PackedPackage;

  private constructor(packed: PackedPackage, project: string) {
    this.#packed = packed;
    this.project = project;
  }

  static async install(): Promise<Checkout> {
    const packed = await PackedPackage.create();
    try {
      const project = await packed.install("checkout", join(repository, "examples", "checkout"));
      const vite = join(project, "node_modules", "vite", "bin", "vite.js");
      for (const args of [["build"], ["build", "--ssr"]]) {
        const building = await run(process.execPath, [vite, ...args], project);
        if (building.code !== 0) throw new Error(building.stdout + building.stderr);
      }
      return new Checkout(packed, project);
    } catch (error) {
      await packed.remove();
      throw error;
    }
  }

  remove(): Promise<void> {
    return this.#packed.remove();
  }

  /** A shop in production mode, with the test's emulator. */
  async open(options: StageOptions = {}): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), "checkout-"));
    const webhooks: WebhookRequest[] = [];
    const deliver = options.deliver ?? post;
    const emulator = await Emulator.start({
      ...options.emulator,
      deliverWebhook: (request) => {
        webhooks.push(request);
        return deliver(request);
      },
    });
    const env = {
      PORT: "0",
      CODE_SEQUENCER_URL: emulator.url,
      CODE_WEBHOOK_PUBLIC_KEY: emulator.webhookPublicKey,
      CODE_IDEMPOTENCY_SECRET: "a secret of this test, which is of 32 bytes and more",
      CODE_DESTINATION: destination,
      DATABASE: join(folder, "orders.db"),
      ORDERS_PER_MINUTE: "1000",
      ...options.env,
    };
    return new Stage(this.project, folder, emulator, webhooks, env);
  }

  /** `npm run demo`, without the build. */
  async demo(): Promise<Program & AsyncDisposable> {
    const folder = await mkdtemp(join(tmpdir(), "checkout-"));
    const env = { PORT: "0", DATABASE: join(folder, "orders.db"), ORDERS_PER_MINUTE: "1000" };
    const program = await start(this.project, "demo", env);
    return {
      ...program,
      async [Symbol.asyncDispose]() {
        await program.end("SIGINT");
        await rm(folder, { recursive: true, force: true });
      },
    };
  }
}

interface StageOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly emulator?: EmulatorOptions;
  /** Replaces the network. */
  readonly deliver?: (request: WebhookRequest) => Promise<{ readonly status: number }>;
}

/** An order as stored in the database. */
export interface Row {
  readonly id: string;
  readonly intent_id: string;
  readonly amount: string;
  readonly client_secret: string;
  readonly confirmed_by: string | null;
}

/** A sequencer and a shop that can be stopped and restarted. */
export class Stage implements AsyncDisposable {
  readonly emulator: Emulator;
  /** Every delivery of the sequencer. */
  readonly webhooks: readonly WebhookRequest[];
  readonly env: Record<string, string>;
  readonly #project: string;
  readonly #folder: string;
  #program: Program | undefined;
  #output = "";

  constructor(
    project: string,
    folder: string,
    emulator: Emulator,
    webhooks: readonly WebhookRequest[],
    env: Record<string, string>,
  ) {
    this.#project = project;
    this.#folder = folder;
    this.emulator = emulator;
    this.webhooks = webhooks;
    this.env = env;
  }

  /** Opens the shop, always at the same address. */
  async start(): Promise<string> {
    const program = await start(this.#project, "main", this.env);
    this.#program = program;
    this.env.PORT = new URL(program.url).port;
    return program.url;
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    const program = this.#program;
    if (program === undefined) return null;
    this.#program = undefined;
    const code = await program.end(signal);
    this.#output += program.output();
    return code;
  }

  /** The shop's output so far. */
  get output(): string {
    return this.#output + (this.#program?.output() ?? "");
  }

  /** Rows of its database, read by a separate program while the shop is closed. */
  async read(sql: string): Promise<Row[]> {
    const script = `
      import sqlite from "node-sqlite3-wasm";
      const db = new sqlite.Database(${JSON.stringify(this.env.DATABASE)}, { readOnly: true });
      console.log(JSON.stringify(db.all(${JSON.stringify(sql)})));
      db.close();`;
    const reading = await run(process.execPath, ["--input-type=module", "--eval", script], this.#project);
    if (reading.code !== 0) throw new Error(reading.stderr);
    return JSON.parse(reading.stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    await this.emulator.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A running server of the example. */
interface Program {
  readonly url: string;
  readonly output: () => string;
  /** Resolves with the exit code. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
}

async function start(project: string, name: "main" | "demo", env: Record<string, string>): Promise<Program> {
  const { PATH = "" } = process.env;
  const child = spawn(process.execPath, [join(project, "dist", "server", `${name}.js`)], {
    cwd: project,
    env: { PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const url = new Promise<string>((resolve, reject) => {
    const take = (text: string) => {
      output += text;
      const [, found] = /The shop is open:\s+(http\S+)/.exec(output) ?? [];
      if (found !== undefined) resolve(found);
    };
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    void ended.then((code) => reject(new Error(`ended with ${code}: ${output}`)));
  });
  return {
    url: await url,
    output: () => output,
    end: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}

/** Sends a webhook as the sequencer does. */
export async function post({ url, headers, body, signal }: WebhookRequest): Promise<{ status: number }> {
  const { status } = await fetch(url, { method: "POST", headers, body, signal });
  return { status };
}
