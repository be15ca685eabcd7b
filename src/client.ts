import {
  type CheckedClientOptions,
  type CodeClientOptions,
  checkCallOptions,
  checkClientOptions,
} from "./client/options.js";
import { PaymentIntents } from "./client/payment-intents.js";
import { TransportError } from "./errors.js";
import { type CallPolicy, callWithRetries, type RunCall } from "./sequencer/call.js";
import { openSequencer } from "./sequencer/open.js";
import type { Sequencer } from "./sequencer/port.js";

/**
 * The client of a Code Sequencer.
 *
 * It opens nothing until the first call. Close it when done: it keeps connections alive between calls.
 *
 * @example
 * ```ts
 * await using code = new CodeClient({ baseUrl: "https://sequencer.example.com", idempotencySecret });
 * const intent = code.paymentIntents.build({ destination, amount: "2.50", currency: "usd", idempotencyKey: "order-1042" });
 * await orders.save({ intentId: intent.id, clientSecret: intent.clientSecret });
 * await code.paymentIntents.create(intent);
 * ```
 */
export class CodeClient {
  /** Payment intents: build, create, ask for the status. */
  readonly paymentIntents: PaymentIntents;

  readonly #options: CheckedClientOptions;
  readonly #policy: CallPolicy;
  readonly #closed: AbortController = new AbortController();
  #sequencer: Promise<Sequencer> | undefined;

  /**
   * @throws InputError for options that cannot work, `missing_option` without `baseUrl` and `CODE_SEQUENCER_URL`
   * @throws UnsupportedError `unsupported_by_runtime` for a protocol that the runtime cannot speak
   */
  constructor(options: CodeClientOptions = {}) {
    this.#options = checkClientOptions(options);
    const { retry, timeoutMs, headers, logger, idempotencySecret } = this.#options;
    this.#policy = { retry, timeoutMs, headers, closed: this.#closed.signal };
    this.paymentIntents = new PaymentIntents(this.#run, { logger, idempotencySecret });
  }

  /** Ends running calls with `client_closed` and releases every socket. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort(
      new TransportError("client_closed", { message: "The client is closed; make a new one" }),
    );
    const sequencer = await this.#sequencer?.catch(() => undefined);
    await sequencer?.close();
  }

  /** As {@link CodeClient.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  readonly #run: RunCall = async (options, attempt) =>
    callWithRetries(this.#policy, checkCallOptions(options ?? {}), async (context) =>
      attempt(await this.#open(), context),
    );

  #open(): Promise<Sequencer> {
    this.#sequencer ??= openSequencer(this.#options.target);
    return this.#sequencer;
  }
}
