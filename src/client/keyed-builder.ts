import { InputError } from "../errors.js";
import { Intent } from "../intents/intent.js";
import type { Logger } from "./options.js";

/** Gives the client's idempotency secret to what it builds, and warns once where a key goes without one. */
export class KeyedBuilder {
  readonly #secret: Uint8Array | undefined;
  readonly #logger: Logger;
  #warned = false;

  constructor(secret: Uint8Array | undefined, logger: Logger) {
    this.#secret = secret;
    this.#logger = logger;
  }

  /** Builds from the options and the secret; the options' own goes first. */
  build<T>(options: unknown, from: (options: Record<string, unknown>) => T): T {
    if (typeof options !== "object" || options === null || Array.isArray(options))
      throw new InputError("invalid_option", "options", "must be an object");
    // Only a tip has a platform. Its class is not asked for, which would bring it into every bundle.
    if (options instanceof Intent || "platform" in options) {
      throw new InputError(
        "invalid_option",
        "intent",
        "is of another kind; a PaymentIntent goes to paymentIntents, a LoginIntent to loginIntents, and a tip is not registered",
      );
    }
    const { idempotencySecret = this.#secret, ...rest } = options as Record<string, unknown>;
    const built = from({ ...rest, idempotencySecret });
    if (rest.idempotencyKey !== undefined && idempotencySecret === undefined) this.#warn();
    return built;
  }

  #warn(): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#logger.warn(
      "code-intents: idempotencyKey is used without idempotencySecret. Whoever guesses the key can derive the intent's " +
        "private key and register first with another destination. Set idempotencySecret on the client, or pass keys that " +
        "cannot be guessed.",
    );
  }
}
