import { InputError } from "../errors.js";
import {
  type NonceScope,
  nonceFromClientSecret,
  nonceFromIdempotencyKey,
  nonceFromKeyedIdempotencyKey,
  randomNonce,
  readIdempotencySecret,
} from "../rendezvous/nonce.js";

/** How an intent gets its nonce; at most one of the two, and a random one without either. */
export type NonceOptions =
  | {
      /**
       * Your own name for the order: the same key with the same amount is the same intent. With another amount it is
       * a second payable intent. Without `idempotencySecret`, whoever guesses it can register first with another
       * destination.
       */
      readonly idempotencyKey?: string | undefined;
      readonly clientSecret?: undefined;
      /** At least 32 random bytes (text counts as its UTF-8 bytes) that make the key unguessable. Keep it for good. */
      readonly idempotencySecret?: Uint8Array | string | undefined;
    }
  | {
      readonly idempotencyKey?: undefined;
      /** Client secret of an intent that exists, to rebuild it. */
      readonly clientSecret: string;
      /** Has no effect here: the client secret alone gives the nonce. */
      readonly idempotencySecret?: Uint8Array | string | undefined;
    };

/** Names of {@link NonceOptions}. */
export const nonceNames = ["idempotencyKey", "clientSecret", "idempotencySecret"] as const;

/** The nonce that the options give, bound to what the payload says where an idempotency secret is there. */
export function nonceOf(
  { idempotencyKey, clientSecret, idempotencySecret }: NonceOptions,
  scope: NonceScope,
): Uint8Array {
  if (idempotencySecret !== undefined) readIdempotencySecret(idempotencySecret);
  if (idempotencyKey !== undefined && clientSecret !== undefined) {
    throw new InputError(
      "conflicting_options",
      "clientSecret",
      "cannot be combined with idempotencyKey: each alone gives the nonce. Pass one of them",
    );
  }
  if (clientSecret !== undefined) return nonceFromClientSecret(clientSecret);
  if (idempotencyKey === undefined) return randomNonce();
  if (idempotencySecret === undefined) return nonceFromIdempotencyKey(idempotencyKey);
  return nonceFromKeyedIdempotencyKey(idempotencyKey, idempotencySecret, scope);
}
