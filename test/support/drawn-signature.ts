import { createHash, randomBytes } from "node:crypto";
import nacl from "tweetnacl";
import type { KnownKey } from "./login.js";
import { hex } from "./vectors.js";

const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n;

/**
 * Returns an Ed25519 signature with a random r, instead of one derived from key and message. It is valid and
 * differs each time, like the signatures of some HSMs.
 */
export function drawnSignature({ seed, publicKey }: KnownKey, message: Uint8Array): Uint8Array {
  // The public key of a seed is the base point times the scalar in the seed's hash.
  const drawn = randomBytes(32);
  const pointR = nacl.sign.keyPair.fromSeed(drawn).publicKey;
  const challenge = numberOf(sha512(pointR, publicKey, message)) % groupOrder;
  const s = (scalarOf(drawn) + challenge * scalarOf(seed)) % groupOrder;
  const digits = s.toString(16).padStart(64, "0").match(/../g) ?? [];
  return Uint8Array.from([...pointR, ...digits.reverse().map((pair) => Number.parseInt(pair, 16))]);
}

function scalarOf(seed: Uint8Array): bigint {
  const half = sha512(seed).subarray(0, 32);
  return numberOf(half.map((byte, i) => (i === 0 ? byte & 248 : i === 31 ? (byte & 63) | 64 : byte)));
}

function numberOf(littleEndian: Uint8Array): bigint {
  return BigInt(`0x${hex(Uint8Array.from(littleEndian).reverse())}`);
}

function sha512(...parts: Uint8Array[]): Uint8Array {
  return createHash("sha512").update(Buffer.concat(parts)).digest();
}
