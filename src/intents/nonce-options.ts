import { InputError } from "../errors.js";
import {
  type NonceScope,
  nonceFromClientSecret,
  nonceFromIdempotencyKey,
  nonceFromKeyedIdempotencyKey,
  randomNonce,
  readIdempotencySecret,
} from "../rendezvous/nonce.js";

/** Determines the nonce of an intent. Pass at most one of the two; without either, the nonce is random. */
export type NonceOptions =
  | {
      /**
       * Your own name for the order. The same key with the same amount gives the same intent; with another
       * amount it gives a second payable intent. Without `idempotencySecret`, anyone who guesses the key can
       * register first with another destination. Omit the option for a random key: `undefined` is rejected,
       * because it is most often a field that the request lacks.
       */
      readonly idempotencyKey?: string;
      readonly clientSecret?: undefined;
      /**
       * At least 32 random bytes (text is encoded as UTF-8) that make the idempotency key unguessable. Never
       * change it: the same key under another secret is another intent.
       */
      readonly idempotencySecret?: Uint8Array | string | undefined;
    }
  | {
      readonly idempotencyKey?: undefined;
      /** Client secret of an existing intent, to rebuild it. */
      readonly clientSecret: string;
      /** Has no effect here: the client secret alone determines the nonce. */
      readonly idempotencySecret?: Uint8Array | string | undefined;
    };

/** Names of {@link NonceOptions}. */
export const nonceNames = ["idempotencyKey", "clientSecret", "idempotencySecret"] as const;

/**
 * Returns the nonce for the options. With an idempotency secret, it is bound to kind, currency and amount.
 *
 * @throws InputError `missing_option` if neither determines the nonce and one is there with `undefined`
 */
export function nonceOf(options: NonceOptions, scope: NonceScope): Uint8Array {
  const { idempotencyKey, clientSecret, idempotencySecret } = options;
  if (idempotencySecret !== undefined) readIdempotencySecret(idempotencySecret);
  if (idempotencyKey !== undefined && clientSecret !== undefined) {
    throw new InputError(
      "conflicting_options",
      "clientSecret",
      "cannot be combined with idempotencyKey, because each determines the nonce; pass one of them",
    );
  }
  if (clientSecret !== undefined) return nonceFromClientSecret(clientSecret);
  if (idempotencyKey === undefined) {
    rejectUndefined(options, "idempotencyKey");
    rejectUndefined(options, "clientSecret");
    return randomNonce();
  }
  if (idempotencySecret !== undefined) {
    return nonceFromKeyedIdempotencyKey(idempotencyKey, idempotencySecret, scope);
  }
  return nonceFromIdempotencyKey(idempotencyKey);
}

// A retry with a random key would make a second payable intent.
function rejectUndefined(options: NonceOptions, name: "idempotencyKey" | "clientSecret"): void {
  if (!Object.hasOwn(options, name)) return;
  throw new InputError("missing_option", name, "is undefined; pass it, or omit the option for a random key");
}
