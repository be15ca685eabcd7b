/** Whether a signature is over the bytes that it should be over, and if not, which other bytes it is over. */
import { sha512 } from "@noble/hashes/sha2.js";
import { base64, base64nopad, base64urlnopad, hex } from "@scure/base";
// It has no SHA-512, which the protocol has no use for.
import * as crypto from "#crypto";
import { equalBytes } from "../../lib/bytes.js";
import { count } from "../words.js";

/** How a check ended; `skipped` where something that it needs is not there. */
export type InspectCheckOutcome = "passed" | "failed" | "skipped";

/** Something that was verified across the input: a signature with its key, an id with another one. */
export interface InspectCheck {
  readonly outcome: InspectCheckOutcome;
  /** What was checked: `signature`, or `key` where two keys have to be equal. */
  readonly name: "signature" | "key";
  /** The outcome in plain words, and where it failed, what is likely to be the mistake. */
  readonly text: string;
  /** Path of the node in the tree; empty for the whole input. */
  readonly path: string;
}

/** Other bytes, or another key, that people sign with by mistake. */
export interface Guess {
  /** Completes "it does verify". */
  readonly how: string;
  readonly bytes: Uint8Array | undefined;
  readonly key?: Uint8Array | undefined;
  /** What to do about it, where that is not to sign the right bytes with the right key. */
  readonly mend?: string;
}

/** A signature with everything that it depends on. */
export interface Signed {
  /** Whose signature: `rendezvous`, `verifier`. */
  readonly by: string;
  readonly key: Uint8Array;
  readonly signature: Uint8Array;
  /** What is signed, in words. */
  readonly what: string;
  /** What is signed, as it is in the input. */
  readonly bytes: Uint8Array;
  /** What is signed, as the sequencer writes it; `undefined` where the bytes cannot be read. */
  readonly canonical: Uint8Array | undefined;
  readonly guesses: readonly Guess[];
  readonly path: string;
}

/** Verifies a signature, and tells what went wrong where it does not verify. */
export function checkSignature(signed: Signed): InspectCheck {
  const { by, key, signature, what, bytes, canonical, path } = signed;
  const size = count(bytes.length, "byte");
  const verifies = (over: Uint8Array, withKey = key): boolean => crypto.verify(withKey, over, signature);
  const result = (outcome: "passed" | "failed", text: string): InspectCheck => ({
    outcome,
    name: "signature",
    text,
    path,
  });
  const isCanonical = canonical !== undefined && equalBytes(bytes, canonical);
  if (verifies(bytes)) {
    if (isCanonical) return result("passed", `the ${by} signature verifies over the ${size} of ${what}`);
    const own =
      canonical === undefined
        ? "which the sequencer cannot read"
        : `but the sequencer writes ${what} again, in ${count(canonical.length, "byte")}, over which it does not verify`;
    return result("failed", `the ${by} signature verifies over the ${size} as they are, ${own}`);
  }
  if (canonical !== undefined && !isCanonical && verifies(canonical)) {
    return result(
      "passed",
      `the ${by} signature verifies over ${what} in canonical form, ${count(canonical.length, "byte")}, and not over ` +
        `the ${size} as they are here; the sequencer does not mind`,
    );
  }
  const guess = guessOf(signed, verifies);
  return result(
    "failed",
    `the ${by} signature does not verify over the ${size} of ${what}. ` +
      (guess === undefined
        ? "It is by another key, or over other bytes"
        : `It does verify ${guess.how}: ${guess.mend ?? `sign ${what} with the ${by} key instead`}`),
  );
}

function guessOf(
  { bytes, guesses }: Signed,
  verifies: (over: Uint8Array, key?: Uint8Array) => boolean,
): Guess | undefined {
  const general = guessesAt(bytes, "their");
  return [...guesses, ...general].find(({ bytes: over, key }) => over !== undefined && verifies(over, key));
}

/** What people make of bytes before they sign them; `whose` they are completes "over ... SHA-256". */
export function guessesAt(bytes: Uint8Array | undefined, whose: string): Guess[] {
  if (bytes === undefined) return [];
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  const digits = hex.encode(bytes);
  return [
    { how: `over ${whose} SHA-256, which nobody asks for`, bytes: crypto.sha256(bytes) },
    { how: `over ${whose} SHA-512, which Ed25519 makes of the bytes by itself`, bytes: sha512(bytes) },
    { how: `over ${whose} hex text`, bytes: text(digits) },
    { how: `over ${whose} hex text in capitals`, bytes: text(digits.toUpperCase()) },
    { how: `over ${whose} base64 text`, bytes: text(base64.encode(bytes)) },
    { how: `over ${whose} base64 text without padding`, bytes: text(base64nopad.encode(bytes)) },
    { how: `over ${whose} base64url text`, bytes: text(base64urlnopad.encode(bytes)) },
  ];
}
