import { InputError, UnsupportedError } from "../errors.js";
import type { LoginEvent, SubmittedEvent } from "../events/events.js";
import { LoginIntent, type LoginIntentOptions } from "../intents/login-intent.js";
import { encodeUserIdRequest } from "../intents/message.js";
import { readSigningVerifier, signatureOf, type VerifierKey } from "../intents/signer.js";
import { checkOptions } from "../lib/options.js";
import type { CallRunner } from "../sequencer/call.js";
import type { CallOptions, IntentStatus, LoggedInUser } from "../sequencer/port.js";
import { type ClientContext, IntentCalls, type IntentKind } from "./intent-calls.js";
import { type IntentReference, publicKeyOf } from "./intent-reference.js";
import type { KeyedBuilder } from "./keyed-builder.js";
import type { WaitOptions } from "./wait.js";
import type { WatchOptions } from "./watch-options.js";

/** Options of {@link LoginIntents.getUserId}. */
export interface GetUserIdOptions {
  /** The intent, or its id: of a login, or of a payment with a login. */
  readonly intent: IntentReference;
  /** The key of the domain that asked; it signs the question. */
  readonly verifier: VerifierKey;
}

const kind: IntentKind<LoginIntent, LoginIntentOptions> = {
  name: "LoginIntent",
  from: (options) => LoginIntent.from(options),
  isInstance: (value) => value instanceof LoginIntent,
};

/** The calls for logins; `client.loginIntents`. */
export class LoginIntents {
  readonly #calls: IntentCalls<LoginIntent, LoginIntentOptions>;
  readonly #run: CallRunner;
  readonly #context: ClientContext;

  /** @internal */
  constructor(run: CallRunner, context: ClientContext, builder: KeyedBuilder) {
    this.#calls = new IntentCalls(kind, run, context, builder);
    this.#run = run;
    this.#context = context;
  }

  /**
   * Builds an intent without any network, with the client's `idempotencySecret`. Persist its `id` and `clientSecret` before
   * {@link LoginIntents.create}.
   *
   * @throws InputError naming the field and the mend
   */
  build(options: LoginIntentOptions): LoginIntent {
    return this.#calls.build(options);
  }

  /**
   * Registers a login with the sequencer, which fetches the domain's well-known file and looks for the verifier in it. Takes
   * an intent that was built before, also after a crash: the same intent twice is one intent.
   *
   * The verifier signs within the deadline; a signer that throws is tried again as a failing connection is. Where it does not
   * answer in time, nothing was sent: that ends with `deadline_exceeded`, not with `registration_unknown`.
   *
   * @returns the intent, registered
   * @throws SequencerError `unauthenticated` where the well-known file cannot be had, `permission_denied` where it does not
   * list the verifier, `request_refused`, `already_submitted`, `intent_conflict`, `webhook_refused`
   * @throws UnsupportedError `unsupported_by_protocol` over REST, before anything is signed
   * @throws SignerError `signer_failed`
   * @throws RegistrationUnknownError, TransportError and InputError as `paymentIntents.create`
   * @example
   * ```ts
   * const intent = await code.loginIntents.create({ login: { domain: "example.com", verifier: secretKey } });
   * ```
   */
  async create(
    intentOrOptions: LoginIntent | LoginIntentOptions,
    options?: CallOptions,
  ): Promise<LoginIntent> {
    const intent = this.#calls.intentOf(intentOrOptions);
    if (!this.#context.capabilities.createLoginIntent) {
      throw new UnsupportedError(
        "unsupported_by_protocol",
        "REST registers payments only, with or without a login; use another protocol for a login alone",
      );
    }
    return this.#calls.register(intent, options);
  }

  /** As `paymentIntents.getStatus`; submitted means that somebody logged in. */
  async getStatus(intent: IntentReference, options?: CallOptions): Promise<IntentStatus> {
    return this.#calls.getStatus(intent, options);
  }

  /**
   * Asks who logged in with an intent: of a login, or of a payment with a login. The answer is unsigned, worth what the
   * connection to the sequencer is worth. The real sequencer never verified the question's signature, so whoever knew intent
   * and verifier could ask: a user id is no secret, and proves nothing when a browser brings it.
   *
   * @throws SequencerError `unauthenticated` where the verifier is not listed by the domain (or its signature is not its own)
   * @throws SignerError `signer_failed`; InputError and TransportError as every call
   * @example
   * ```ts
   * const { userId, reason } = await code.loginIntents.getUserId({ intent, verifier: secretKey });
   * if (userId === undefined) console.log("nobody yet:", reason);
   * ```
   */
  async getUserId(options: GetUserIdOptions, callOptions?: CallOptions): Promise<LoggedInUser> {
    checkOptions(options, "", ["intent", "verifier"], {
      verifierKey: "name it verifier",
      signer: "name it verifier",
    });
    const { intent } = options;
    if (intent === undefined || intent === null)
      throw new InputError("missing_option", "intent", "required: the intent or its id");
    const publicKey = publicKeyOf(intent);
    const verifier = readSigningVerifier(options.verifier, "verifier");
    const asked = encodeUserIdRequest(publicKey, verifier.publicKey);
    let signed: Promise<Uint8Array> | undefined;
    return this.#run(callOptions, async (sequencer, attempt) => {
      signed ??= Promise.resolve(signatureOf(verifier, asked)).catch((error: unknown) => {
        signed = undefined;
        throw error;
      });
      const signature = await signed;
      attempt.signal.throwIfAborted();
      const message = encodeUserIdRequest(publicKey, verifier.publicKey, signature);
      return sequencer.getUserId({ publicKey, message, signature }, attempt);
    });
  }

  /**
   * Hears what becomes of a login until it is submitted, as `paymentIntents.watch` does for a payment. A rejection is not an
   * end: the user may still log in.
   *
   * @throws WaitError `login_timeout` after `timeoutMs`; otherwise as `paymentIntents.watch`
   * @example
   * ```ts
   * for await (const event of code.loginIntents.watch(intent, { timeoutMs: 600_000 })) {
   *   if (event.type === "submitted") console.log(await code.loginIntents.getUserId({ intent, verifier: secretKey }));
   * }
   * ```
   */
  watch(intent: LoginIntent, options: WatchOptions = {}): AsyncGenerator<LoginEvent, void, undefined> {
    return this.#calls.watch(intent, options);
  }

  /**
   * Waits until somebody has logged in. With `until: "rejected"` the first rejection throws.
   *
   * @throws WaitError `login_timeout` (naming the last rejection), `login_rejected`
   * @throws as {@link LoginIntents.watch}
   */
  async waitForLogin(intent: LoginIntent, options: WaitOptions = {}): Promise<SubmittedEvent> {
    return this.#calls.waitForSubmitted(intent, options);
  }
}
