/** Verifiers, and intents with a login. */
import * as crypto from "#crypto";
import type { SigningKey } from "../../src/crypto/types.js";
import type { Signer } from "../../src/index.js";
import {
  LoginIntent,
  type LoginIntentOptions,
  type RebuildLoginOptions,
} from "../../src/intents/login-intent.js";
import { unhex, vectors } from "./vectors.js";

/** A key in every form. */
export interface KnownKey {
  readonly seed: Uint8Array;
  /** Seed followed by public key. */
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly key: SigningKey;
}

/** The key of a seed of 32 bytes. */
export function keyOfSeed(seed: Uint8Array): KnownKey {
  const key = crypto.keyFromSeed(seed);
  return { seed, key, publicKey: key.publicKey, secretKey: Uint8Array.from([...seed, ...key.publicKey]) };
}

/** The verifier of the vectors. */
export const verifier: KnownKey = keyOfSeed(unhex(vectors.meta.verifierSeedHex));

/** The verifier's public key, base58. */
export const { verifierPublicKey } = vectors.meta;

/** A key that is not the verifier's. */
export const stranger: KnownKey = keyOfSeed(new Uint8Array(32).fill(9));

/** Returns a signer of the vectors' verifier. `answer` can change its signature. */
export function signerOf(
  answer: (signature: Uint8Array) => unknown = (signature) => signature,
): Signer & { readonly asked: Uint8Array[] } {
  const asked: Uint8Array[] = [];
  return {
    asked,
    publicKey: verifierPublicKey,
    sign(message) {
      asked.push(message);
      return answer(verifier.key.sign(message)) as Uint8Array;
    },
  };
}

/** Options of an intent to log in at example.com. */
export const login = { domain: "example.com", verifier: verifier.secretKey } as const;

/** Builds a login with other options, which may be invalid. */
export function buildLogin(options: Record<string, unknown> = {}): LoginIntent {
  return LoginIntent.from({ login, ...options } as unknown as LoginIntentOptions);
}

/** Rebuilds a login with other options, which may be invalid. */
export function rebuildLogin(options: Record<string, unknown>): LoginIntent {
  return LoginIntent.fromClientSecret({ login, ...options } as unknown as RebuildLoginOptions);
}
