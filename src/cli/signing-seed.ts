import type { VerifierKey } from "../intents/signer.js";
import { fromBase58 } from "../lib/bytes.js";
import { CliError } from "./errors.js";

/** The 32-byte seed of a key in Solana's form: 64 bytes, of which it is the first half. */
export function seedOf(key: VerifierKey): Uint8Array {
  const bytes =
    typeof key === "string" ? fromBase58(key) : Array.isArray(key) ? Uint8Array.from(key) : undefined;
  if (bytes?.length === 64) return bytes.slice(0, 32);
  throw new CliError("unusable_input", "the key that signs webhooks is not 64 bytes", {
    hint: "`code-intents keys generate` makes one.",
  });
}
