/** Checks whether a signature covers the right bytes, and if not, which other bytes it covers. */
import { sha512 } from "@noble/hashes/sha2.js";
import { base64, base64nopad, base64urlnopad, hex } from "@scure/base";
// #crypto has no SHA-512, since the protocol does not use it.
import * as crypto from "#crypto";
import { equalBytes } from "../../lib/bytes.js";
import { count } from "../words.js";

/** The outcome of a check; `skipped` if something that it needs is missing. */
export type InspectCheckOutcome = "passed" | "failed" | "skipped";

/** A check across the input: a signature with its key, or an id with another one. */
export interface InspectCheck {
  readonly outcome: InspectCheckOutcome;
  /** The kind of check: `signature`, or `key` for two keys that must be equal. */
  readonly name: "signature" | "key";
  /** The outcome in plain words. After a failure, also the likely mistake. */
  readonly text: string;
  /** Path of the node in the tree; empty for the whole input. */
  readonly path: string;
}

/** Other bytes, or another key, that are often signed by mistake. */
export interface Guess {
  /** Completes "it does verify". */
  readonly how: string;
  readonly bytes: Uint8Array | undefined;
  readonly key?: Uint8Array | undefined;
  /** How to fix it. Default: sign the right bytes with the right key. */
  readonly fix?: string;
}

/** A signature with all of its inputs. */
export interface Signed {
  /** The signer: `rendezvous` or `verifier`. */
  readonly by: string;
  readonly key: Uint8Array;
  readonly signature: Uint8Array;
  /** A description of the signed bytes. */
  readonly what: string;
  /** The bytes to sign, as they are in the input. */
  readonly bytes: Uint8Array;
  /** The bytes to sign, as the sequencer writes them; `undefined` if they cannot be read. */
  readonly canonical: Uint8Array | undefined;
  /** The same bytes in Go's order; `undefined` if that is the canonical form. */
  readonly go: Uint8Array | undefined;
  readonly guesses: readonly Guess[];
  readonly path: string;
}

const GO_ORDER = "in Go's order, with the members of oneofs after all other fields";

/** Verifies a signature. If it does not verify, looks for the mistake. */
export function checkSignature(signed: Signed): InspectCheck {
  const { by, key, signature, what, bytes, canonical, go, path } = signed;
  const size = count(bytes.length, "byte");
  const verifies = (over: Uint8Array, withKey = key): boolean => crypto.verify(withKey, over, signature);
  const result = (outcome: "passed" | "failed", text: string): InspectCheck => ({
    outcome,
    name: "signature",
    text,
    path,
  });
  if (signature.every((byte) => byte === 0)) {
    return result("failed", `${what} is not signed: the ${by} signature is ${signature.length} zero bytes`);
  }
  const isCanonical = canonical !== undefined && equalBytes(bytes, canonical);
  if (go !== undefined && verifies(go)) {
    const given = equalBytes(bytes, go) ? "" : `, but not over the ${size} as given`;
    return result(
      "passed",
      `the ${by} signature verifies over the ${count(go.length, "byte")} of ${what} ${GO_ORDER}${given}; the sequencer accepts it`,
    );
  }
  if (verifies(bytes)) {
    if (isCanonical) return result("passed", `the ${by} signature verifies over the ${size} of ${what}`);
    const own =
      canonical === undefined
        ? "which the sequencer cannot read"
        : `but the sequencer encodes ${what} again as ${count(canonical.length, "byte")}, over which it does not verify`;
    return result("failed", `the ${by} signature verifies over the ${size} as given, ${own}`);
  }
  if (canonical !== undefined && !isCanonical && verifies(canonical)) {
    return result(
      "passed",
      `the ${by} signature verifies over ${what} in canonical form, ${count(canonical.length, "byte")}, but not over ` +
        `the ${size} as given; the sequencer accepts it`,
    );
  }
  const guess = guessOf(signed, verifies);
  return result(
    "failed",
    `the ${by} signature does not verify over the ${size} of ${what}. ` +
      (guess === undefined
        ? "The key or the bytes are different"
        : `It verifies ${guess.how}: ${guess.fix ?? `sign ${what} with the ${by} key instead`}`),
  );
}

function guessOf(
  { bytes, guesses }: Signed,
  verifies: (over: Uint8Array, key?: Uint8Array) => boolean,
): Guess | undefined {
  const general = guessesAt(bytes, "their");
  return [...guesses, ...general].find(({ bytes: over, key }) => over !== undefined && verifies(over, key));
}

/** Returns what bytes are often converted to before signing. `whose` completes "over ... SHA-256". */
export function guessesAt(bytes: Uint8Array | undefined, whose: string): Guess[] {
  if (bytes === undefined) return [];
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  const digits = hex.encode(bytes);
  return [
    { how: `over ${whose} SHA-256, which is not part of the protocol`, bytes: crypto.sha256(bytes) },
    { how: `over ${whose} SHA-512, which Ed25519 already computes`, bytes: sha512(bytes) },
    { how: `over ${whose} hex text`, bytes: text(digits) },
    { how: `over ${whose} uppercase hex text`, bytes: text(digits.toUpperCase()) },
    { how: `over ${whose} base64 text`, bytes: text(base64.encode(bytes)) },
    { how: `over ${whose} base64 text without padding`, bytes: text(base64nopad.encode(bytes)) },
    { how: `over ${whose} base64url text`, bytes: text(base64urlnopad.encode(bytes)) },
  ];
}
