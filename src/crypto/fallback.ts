import { createRequire } from "node:module";
import { UnsupportedError } from "../errors.js";
import type { CryptoProvider } from "./types.js";

/**
 * Loads the portable implementation for a runtime that resolves the Node files but has no working Ed25519. It
 * is loaded only when needed: on Node it would add a quarter of the official client's load time to every
 * start.
 */
export function loadPortable(): CryptoProvider {
  try {
    return createRequire(import.meta.url)("./portable.js");
  } catch (cause) {
    throw new UnsupportedError(
      "unsupported_by_runtime",
      "this runtime's node:crypto has no working Ed25519, and the portable implementation was not found next to this file; " +
        "if you bundle for this runtime, resolve code-intents without the `node` condition",
      { cause },
    );
  }
}
