import { createRequire } from "node:module";
import { UnsupportedError } from "../errors.js";
import type { CryptoProvider } from "./types.js";

/**
 * The portable implementation, for a runtime that resolves the Node files but lacks a working Ed25519. Loaded only
 * then: on Node it would cost every start a quarter of the official client's whole load time.
 */
export function loadPortable(): CryptoProvider {
  try {
    return createRequire(import.meta.url)("./portable.js");
  } catch (cause) {
    throw new UnsupportedError(
      "unsupported_by_runtime",
      "node:crypto of this runtime has no working Ed25519, and the portable implementation is not beside this file; " +
        "when bundling for it, resolve code-intents without the `node` condition",
      { cause },
    );
  }
}
