import { InputError } from "../errors.js";
import type { PaymentEvent, SubmittedEvent } from "../events/events.js";
import { Watch, type WatchContext } from "../events/watch.js";
import type { CheckedWatchOptions } from "../events/watch-options.js";
import type { Intent } from "../intents/intent.js";
import type { NonceOptions } from "../intents/nonce-options.js";
import type { CallRunner } from "../sequencer/call.js";
import type { Capabilities } from "../sequencer/capabilities.js";
import type { CallOptions, IntentStatus } from "../sequencer/port.js";
import { type IntentReference, publicKeyOf } from "./intent-reference.js";
import type { KeyedBuilder } from "./keyed-builder.js";
import { registerIntent } from "./registration.js";
import { waitForSubmitted } from "./wait.js";
import { checkWatchOptions, type WatchOptions } from "./watch-options.js";

/** The parts of a client that every call uses. */
export interface ClientContext extends WatchContext {
  /** Capabilities of the protocol. */
  readonly capabilities: Capabilities;
}

/** A kind of intent: the parts of its class that {@link IntentCalls} uses. */
export interface IntentKind<I extends Intent, O extends NonceOptions> {
  /** Name of the class. */
  readonly name: string;
  readonly from: (options: O) => I;
  readonly isInstance: (value: I | O) => value is I;
}

/** The calls that every kind of intent has. */
export class IntentCalls<I extends Intent, O extends NonceOptions> {
  readonly #kind: IntentKind<I, O>;
  readonly #run: CallRunner;
  readonly #context: ClientContext;
  readonly #builder: KeyedBuilder;

  constructor(kind: IntentKind<I, O>, run: CallRunner, context: ClientContext, builder: KeyedBuilder) {
    this.#kind = kind;
    this.#run = run;
    this.#context = context;
    this.#builder = builder;
  }

  /** Builds an intent with the client's idempotency secret. */
  build(options: O): I {
    return this.#builder.build(options, this.#kind.from);
  }

  /** Returns the intent, or builds it from options. */
  intentOf(intentOrOptions: I | O): I {
    return this.#kind.isInstance(intentOrOptions) ? intentOrOptions : this.build(intentOrOptions);
  }

  /** Registers an intent with the sequencer. */
  async register(intent: I, options: CallOptions | undefined): Promise<I> {
    await registerIntent(this.#run, intent, options, this.#context.logger);
    return intent;
  }

  /** Checks the status of an intent. */
  getStatus(intent: IntentReference, options: CallOptions | undefined): Promise<IntentStatus> {
    const publicKey = publicKeyOf(intent);
    return this.#run(options, (sequencer, context) => sequencer.getStatus(publicKey, context));
  }

  /** Watches an intent. */
  watch(intent: I, options: WatchOptions): AsyncGenerator<PaymentEvent, void, undefined> {
    return new Watch(this.#context, intent, this.#checkWatch(intent, options));
  }

  /** Waits until an intent is submitted. */
  waitForSubmitted(intent: I, options: WatchOptions): Promise<SubmittedEvent> {
    return waitForSubmitted(this.#context, intent, this.#checkWatch(intent, options));
  }

  #checkWatch(intent: I, options: WatchOptions): CheckedWatchOptions {
    const { name, isInstance } = this.#kind;
    if (isInstance(intent)) return checkWatchOptions(options, this.#context.capabilities);
    throw new InputError("invalid_option", "intent", `must be a ${name}; rebuild it with fromClientSecret`);
  }
}
