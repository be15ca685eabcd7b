/** The whole state as JSON text: for exports, and for tests that start from a known state. */
import { base64 } from "@scure/base";
import { InputError } from "../errors.js";
import type { KeyState } from "./store.js";

const FORMAT = "code-intents/emulator-state/v1";

/** Writes a state. Bytes and bigints, which JSON lacks, become tagged text. */
export function writeState(states: ReadonlyMap<string, KeyState>): string {
  return JSON.stringify({ format: FORMAT, intents: Object.fromEntries(states) }, (_, value: unknown) => {
    if (typeof value === "bigint") return { $bigint: value.toString() };
    if (value instanceof Uint8Array) return { $bytes: base64.encode(value) };
    return value;
  });
}

/**
 * Reads a state that {@link writeState} wrote.
 *
 * @throws InputError for anything else
 */
export function readState(text: string): ReadonlyMap<string, KeyState> {
  let file: unknown;
  try {
    file = JSON.parse(text, (_, value: unknown) => untagged(value));
  } catch {
    throw notAState();
  }
  if (!isRecord(file) || file.format !== FORMAT || !isRecord(file.intents)) throw notAState();
  const states = Object.entries(file.intents);
  for (const [, state] of states) {
    if (!isRecord(state) || !Array.isArray(state.messages)) throw notAState();
  }
  return new Map(states as [string, KeyState][]);
}

function untagged(value: unknown): unknown {
  if (!isRecord(value)) return value;
  if (typeof value.$bigint === "string") return BigInt(value.$bigint);
  if (typeof value.$bytes === "string") return base64.decode(value.$bytes);
  return value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function notAState(): InputError {
  return new InputError("invalid_option", "state", `is not a state that this emulator exported (${FORMAT})`);
}
