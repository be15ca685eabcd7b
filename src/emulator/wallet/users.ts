import * as crypto from "#crypto";
import type { SigningKey } from "../../crypto/types.js";
import { InputError } from "../../errors.js";
import { concatBytes, toBase58 } from "../../lib/bytes.js";
import { requireString } from "../../lib/options.js";

/** Name of the user that the wallet has where no other is named. */
const OWN_USER = "user";

// Names the purpose of the hash, so that the seed yields nothing of use elsewhere.
const relationshipDomain = new TextEncoder().encode("code-intents/relationship/v1\0");

/**
 * The users of the wallet. To every base domain a user is another key: one domain always sees the same user id, and no two
 * domains can tell that it is the same user.
 */
export class WalletUsers {
  readonly #seed: Uint8Array;
  readonly #relationships = new Set<string>();

  /** @param seed 32 bytes, from which the keys of all users follow */
  constructor(seed: Uint8Array) {
    this.#seed = seed;
  }

  /** The key by which a base domain knows a user, who has a relationship with that domain from now on. */
  relate(user: string | undefined, domain: string): SigningKey {
    const name = checkUser(user);
    // A domain holds no NUL, so that its end is plain.
    const text = new TextEncoder().encode(`${domain}\0${name}`);
    const key = crypto.keyFromSeed(crypto.hmacSha256(this.#seed, concatBytes(relationshipDomain, text)));
    this.#relationships.add(`${domain} ${toBase58(key.publicKey)}`);
    return key;
  }

  /** Whether an account, in base58, is that of a user who has a relationship with a base domain. */
  isRelationship(account: string, domain: string): boolean {
    return this.#relationships.has(`${domain} ${account}`);
  }

  /** Forgets the relationships. A user who makes one again has the same key. */
  reset(): void {
    this.#relationships.clear();
  }
}

/** Reads the name of a user; the wallet's own where none is given. */
export function checkUser(user: unknown): string {
  if (user === undefined) return OWN_USER;
  const name = requireString(user, "user", "the name of a user of the wallet, such as alice");
  // A lone surrogate becomes U+FFFD, so that two users would be one.
  if (/\p{Surrogate}/u.test(name))
    throw new InputError("invalid_option", "user", "is not well-formed Unicode");
  return name;
}
