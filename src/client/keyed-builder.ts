import { InputError } from "../errors.js";
import { Intent } from "../intents/intent.js";
import type { NonceOptions } from "../intents/nonce-options.js";
import type { IdempotencySecretOption, Logger } from "./options.js";

/** Builds intents with the client's idempotency secret, and warns once if a key is used without a secret. */
export class KeyedBuilder {
  readonly #own: IdempotencySecretOption;
  readonly #logger: Logger;
  #warned = false;

  constructor(own: IdempotencySecretOption, logger: Logger) {
    this.#own = own;
    this.#logger = logger;
  }

  /** Builds an intent. An idempotency secret in the options takes precedence over the client's. */
  build<O extends NonceOptions, I>(options: O, from: (options: O) => I): I {
    const given: unknown = options;
    if (typeof given !== "object" || given === null || Array.isArray(given))
      throw new InputError("invalid_option", "options", "must be an object");
    // Only a tip has a platform. An `instanceof TipIntent` would bring its class into every bundle.
    if (given instanceof Intent || "platform" in given) {
      throw new InputError(
        "invalid_option",
        "intent",
        "is of another kind; pass a PaymentIntent to paymentIntents and a LoginIntent to loginIntents. A tip is not registered",
      );
    }
    const { idempotencyKey, idempotencySecret = this.#own.idempotencySecret } = options;
    const built = from({ ...options, idempotencySecret });
    if (idempotencyKey !== undefined && idempotencySecret === undefined) {
      if (Object.hasOwn({ ...this.#own, ...options }, "idempotencySecret")) throw unsetSecret();
      this.#warn();
    }
    return built;
  }

  #warn(): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#logger.warn(
      "code-intents: idempotencyKey is used without idempotencySecret. An attacker who guesses the key can derive the " +
        "intent's private key and block the order by registering another destination first. Set idempotencySecret on the " +
        "client before the first order, or pass keys that cannot be guessed.",
    );
  }
}

// Without the secret, the key of an order that was created with it gives a second payable intent.
function unsetSecret(): InputError {
  return new InputError(
    "missing_option",
    "idempotencySecret",
    "is undefined; most often, an environment variable is not set. Pass at least 32 random bytes that never change. To use " +
      "keys without a secret, which anyone can guess, omit the option",
  );
}
