/** A client beside an emulator, for whose domains the verifier of the vectors signs. Call `cleanUp` after each test. */
import { Emulator, type EmulatorOptions } from "../../src/emulator/index.js";
import { CodeClient, type CodeClientOptions, wellKnownFile } from "../../src/index.js";
import { verifierPublicKey } from "./login.js";

const cleanUps: (() => unknown)[] = [];

/** Runs when the test is over, the latest first. */
export function later(cleanUp: () => unknown): void {
  cleanUps.push(cleanUp);
}

export async function cleanUp(): Promise<void> {
  for (const run of cleanUps.splice(0).reverse()) await run();
}

export interface Started {
  readonly emulator: Emulator;
  readonly code: CodeClient;
  /** What the client warned of. */
  readonly warnings: string[];
}

/** In memory, unless the options of the client say otherwise. */
export async function started(
  more: Partial<CodeClientOptions> = {},
  options: EmulatorOptions = {},
): Promise<Started> {
  const emulator = await Emulator.start({
    fetchWellKnown: async () => ({ status: 200, body: wellKnownFile([verifierPublicKey]) }),
    deliverWebhook: async () => ({ status: 200 }),
    ...options,
  });
  later(() => emulator.close());
  const warnings: string[] = [];
  const logger = { warn: (text: string) => void warnings.push(text) };
  const code = clientOf({ transport: emulator.transport, logger, ...more } as CodeClientOptions);
  return { emulator, code, warnings };
}

/** A client that is closed when the test is over. */
export function clientOf(options: CodeClientOptions): CodeClient {
  const code = new CodeClient(options);
  later(() => code.close());
  return code;
}

/** Options of a watch that is in a hurry, and patient where the machine is busy. */
export const soon = { intervalMs: 50, timeoutMs: 110_000 } as const;
