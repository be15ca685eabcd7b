/// <reference lib="esnext.disposable" preserve="true" />

import { TransportError } from "../errors.js";
import { type CallPolicy, type CallRunner, callWithRetries } from "../sequencer/call.js";
import { capabilitiesOf, openSequencer } from "../sequencer/open.js";
import type { CallContext, Sequencer } from "../sequencer/port.js";
import "../lib/docs-url.js";
import { checkCallOptions } from "./call-options.js";
import type { ClientContext } from "./intent-calls.js";
import { KeyedBuilder } from "./keyed-builder.js";
import { LoginIntents } from "./login-intents.js";
import { type CheckedClientOptions, type CodeClientOptions, checkClientOptions } from "./options.js";
import { PaymentIntents } from "./payment-intents.js";
import { Webhooks } from "./webhooks.js";

/**
 * A client of a Code Sequencer.
 *
 * It opens no connection until the first call, and keeps connections alive between calls. Close it when you
 * are done.
 *
 * @example
 * ```ts
 * await using code = new CodeClient({ baseUrl: "https://sequencer.example.com", idempotencySecret });
 * const order = { destination, amount: "2.50", currency: "usd", idempotencyKey: "order-1042" } as const;
 * const intent = code.paymentIntents.build(order);
 * await orders.save({ intentId: intent.id, clientSecret: intent.clientSecret });
 * await code.paymentIntents.create(intent);
 * ```
 */
export class CodeClient {
  /** Payment intents: build, create, check the status, track the payment. */
  readonly paymentIntents: PaymentIntents;
  /** Logins: build, create, track, get the user id. */
  readonly loginIntents: LoginIntents;
  /** Webhooks: register one for an intent. */
  readonly webhooks: Webhooks;

  readonly #options: CheckedClientOptions;
  readonly #policy: CallPolicy;
  readonly #closed: AbortController = new AbortController();
  #sequencer: Promise<Sequencer> | undefined;
  #closing: Promise<void> | undefined;

  /**
   * @throws InputError for invalid options; `missing_option` without `baseUrl` and `CODE_SEQUENCER_URL`
   * @throws UnsupportedError `unsupported_by_runtime` if the runtime cannot speak the protocol
   */
  constructor(options: CodeClientOptions = {}) {
    this.#options = checkClientOptions(options);
    const { retry, timeoutMs, headers, logger, secret } = this.#options;
    this.#policy = { retry, timeoutMs, headers, closed: this.#closed.signal };
    const context: ClientContext = {
      logger,
      headers,
      timeoutMs,
      capabilities: capabilitiesOf(this.#options.target),
      closed: this.#closed.signal,
      open: () => this.#open(),
      getStatus: (id, options) => this.paymentIntents.getStatus(id, options),
    };
    const builder = new KeyedBuilder(secret, logger);
    this.paymentIntents = new PaymentIntents(this.#run, context, builder);
    this.loginIntents = new LoginIntents(this.#run, context, builder);
    this.webhooks = new Webhooks(this.#run);
  }

  /**
   * Releases every socket. Running calls and watches reject with `client_closed`: await them, or attach a
   * handler, before you close the client. Idempotent.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Calls {@link CodeClient.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#closed.abort(
      new TransportError("client_closed", { message: "The client is closed; create a new CodeClient" }),
    );
    const sequencer = await this.#sequencer?.catch(() => undefined);
    await sequencer?.close();
  }

  readonly #run: CallRunner = async (options, attempt, failure) => {
    const once = async (context: CallContext) => {
      const sequencer = await this.#open();
      // The call may have ended while the transport was loading. It must not open a connection then.
      context.signal.throwIfAborted();
      return attempt(sequencer, context);
    };
    return callWithRetries(this.#policy, checkCallOptions(options ?? {}), once, failure);
  };

  #open(): Promise<Sequencer> {
    this.#sequencer ??= openSequencer(this.#options.target).catch((error: unknown) => {
      // The next call tries again.
      this.#sequencer = undefined;
      throw error;
    });
    return this.#sequencer;
  }
}
