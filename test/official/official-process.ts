/** Runs official clients in separate processes. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The outcome of a call, as its caller sees it. */
export type Outcome =
  | { readonly value: unknown; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: { readonly name: string; readonly message: string } };

/** An official client in a separate process. */
export interface OfficialProcess {
  /** Makes a call by name, and resolves with its outcome. */
  outcome(name: string, ...args: readonly unknown[]): Promise<Outcome>;
  /** Makes a call that must succeed. */
  value<T>(name: string, ...args: readonly unknown[]): Promise<T>;
  /** Makes a call that must throw, and resolves with the error's name and message. */
  error(name: string, ...args: readonly unknown[]): Promise<string>;
  close(): Promise<void>;
}

/** Starts a script that calls `serveCalls`, with plain Node. */
export function startOfficial(script: URL): OfficialProcess {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = fork(fileURLToPath(script), {
    env,
    execArgv: [],
    // Preserves undefined values and bytes.
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const waiting = new Map<number, { resolve: (outcome: Outcome) => void; reject: (error: Error) => void }>();
  const ended = new Promise<void>((resolve) => {
    child.once("exit", (status, signal) => {
      for (const { reject } of waiting.values())
        reject(new Error(`${script.pathname} ended with ${status ?? signal}`));
      resolve();
    });
  });
  child.on("message", ({ id, ...outcome }: { id: number } & Outcome) => {
    waiting.get(id)?.resolve(outcome as Outcome);
    waiting.delete(id);
  });
  let calls = 0;
  const outcome = (name: string, ...args: readonly unknown[]) =>
    new Promise<Outcome>((resolve, reject) => {
      const id = ++calls;
      waiting.set(id, { resolve, reject });
      child.send({ id, name, args });
    });
  return {
    outcome,
    async value<T>(name: string, ...args: readonly unknown[]) {
      const { value, error } = await outcome(name, ...args);
      if (error !== undefined) throw new Error(`${name} threw ${error.name}: ${error.message}`);
      return value as T;
    },
    async error(name, ...args) {
      const { value, error } = await outcome(name, ...args);
      if (error === undefined) throw new Error(`${name} resolved with ${JSON.stringify(value)}`);
      return `${error.name}: ${error.message}`;
    },
    close() {
      if (child.connected) child.disconnect();
      return ended;
    },
  };
}
