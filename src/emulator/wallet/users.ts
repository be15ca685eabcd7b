import * as crypto from "#crypto";
import type { SigningKey } from "../../crypto/types.js";
import { InputError } from "../../errors.js";
import { concatBytes, toBase58 } from "../../lib/bytes.js";
import { requireString } from "../../lib/options.js";

/** Name of the wallet's default user. */
const OWN_USER = "user";

// Separates these keys from any other use of the seed.
const relationshipDomain = new TextEncoder().encode("code-intents/relationship/v1\0");

/**
 * The users of the wallet. A user has a different key for each base domain: one domain always sees the same
 * user id, and two domains cannot correlate a user.
 */
export class WalletUsers {
  readonly #seed: Uint8Array;
  readonly #relationships = new Set<string>();

  /** @param seed 32 bytes that the keys of all users are derived from */
  constructor(seed: Uint8Array) {
    this.#seed = seed;
  }

  /**
   * Returns the key that identifies a user to a base domain, and establishes the relationship between them.
   */
  relate(user: string | undefined, domain: string): SigningKey {
    const name = checkUser(user);
    // A domain contains no NUL, so the separator is unambiguous.
    const text = new TextEncoder().encode(`${domain}\0${name}`);
    const key = crypto.keyFromSeed(crypto.hmacSha256(this.#seed, concatBytes(relationshipDomain, text)));
    this.#relationships.add(`${domain} ${toBase58(key.publicKey)}`);
    return key;
  }

  /** Returns whether a base58 account belongs to a user who has a relationship with a base domain. */
  isRelationship(account: string, domain: string): boolean {
    return this.#relationships.has(`${domain} ${account}`);
  }

  /** Deletes all relationships. A user who establishes one again has the same key. */
  reset(): void {
    this.#relationships.clear();
  }
}

/** Checks the name of a user. Defaults to the wallet's default user. */
export function checkUser(user: unknown): string {
  if (user === undefined) return OWN_USER;
  const name = requireString(user, "user", "the name of a user of the wallet, such as alice");
  // A lone surrogate is encoded as U+FFFD, which would make two users the same.
  if (/\p{Surrogate}/u.test(name))
    throw new InputError("invalid_option", "user", "must be well-formed Unicode, without lone surrogates");
  return name;
}
