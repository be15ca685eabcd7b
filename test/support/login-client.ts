/**
 * A client and an emulator. The vectors' verifier signs for their domains. Call `cleanUp` after each test.
 */
import { Emulator, type EmulatorOptions } from "../../src/emulator/index.js";
import { CodeClient, type CodeClientOptions, wellKnownFile } from "../../src/index.js";
import { verifierPublicKey } from "./login.js";

const cleanUps: (() => unknown)[] = [];

/** Cleanups to run after the test, latest first. */
export function later(cleanUp: () => unknown): void {
  cleanUps.push(cleanUp);
}

export async function cleanUp(): Promise<void> {
  for (const run of cleanUps.splice(0).reverse()) await run();
}

export interface Started {
  readonly emulator: Emulator;
  readonly code: CodeClient;
  /** The client's warnings. */
  readonly warnings: string[];
}

/** Connects in memory unless the options say otherwise. */
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

/** Creates a client that `cleanUp` closes. */
export function clientOf(options: CodeClientOptions): CodeClient {
  const code = new CodeClient(options);
  later(() => code.close());
  return code;
}

/** Options of a watch with short intervals, and a long timeout for a busy machine. */
export const soon = { intervalMs: 50, timeoutMs: 110_000 } as const;
