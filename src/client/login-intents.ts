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
  /** The key of the domain that requested the login. It signs the call. */
  readonly verifier: VerifierKey;
}

const kind: IntentKind<LoginIntent, LoginIntentOptions> = {
  name: "LoginIntent",
  from: (options) => LoginIntent.from(options),
  isInstance: (value) => value instanceof LoginIntent,
};

/** Calls for logins: `client.loginIntents`. */
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
   * Builds an intent without network access, with the client's `idempotencySecret`. Persist its `id` and
   * `clientSecret` before {@link LoginIntents.create}.
   *
   * @throws InputError that names the field and how to fix it
   */
  build(options: LoginIntentOptions): LoginIntent {
    return this.#calls.build(options);
  }

  /**
   * Registers a login with the sequencer, which fetches the domain's well-known file and searches it for the
   * verifier. Pass an intent that was built before to repeat the call, also after a crash: the same intent
   * twice is one intent.
   *
   * The verifier signs within the deadline. A signer that throws is retried like a failing connection. If it
   * does not return in time, nothing was sent: the call ends with `deadline_exceeded`, not with
   * `registration_unknown`.
   *
   * @returns the registered intent
   * @throws SequencerError `unauthenticated` if the well-known file cannot be fetched, `permission_denied` if
   * it does not list the verifier, `request_refused`, `already_submitted`, `intent_conflict`,
   * `webhook_refused`
   * @throws UnsupportedError `unsupported_by_protocol` over REST, before anything is signed
   * @throws SignerError `signer_failed`
   * @throws RegistrationUnknownError, TransportError and InputError like `paymentIntents.create`
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
        "REST registers only payments, with or without a login. Use another protocol for a login without a payment",
      );
    }
    return this.#calls.register(intent, options);
  }

  /** Like `paymentIntents.getStatus`. `submitted` means that a user logged in. */
  async getStatus(intent: IntentReference, options?: CallOptions): Promise<IntentStatus> {
    return this.#calls.getStatus(intent, options);
  }

  /**
   * Returns the id of the user who logged in with an intent: a login, or a payment with a login. The response
   * is unsigned: trust it only as far as the connection to the sequencer. The real sequencer never verified
   * the signature of this call, so anyone who knew the intent and the verifier could make it. A user id is
   * therefore not a secret, and proves nothing if a browser sends it.
   *
   * @throws SequencerError `unauthenticated` if the domain does not list the verifier, or another key signed
   * @throws SignerError `signer_failed`; InputError and TransportError like every call
   * @example
   * ```ts
   * const { userId, reason } = await code.loginIntents.getUserId({ intent, verifier: secretKey });
   * if (userId === undefined) console.log("no user yet:", reason);
   * ```
   */
  async getUserId(options: GetUserIdOptions, callOptions?: CallOptions): Promise<LoggedInUser> {
    checkOptions(options, "", ["intent", "verifier"], {
      verifierKey: "use the name verifier",
      signer: "use the name verifier",
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
   * Tracks a login until it is submitted, like `paymentIntents.watch` does for a payment. A rejection does
   * not end the watch: the user can still log in.
   *
   * @throws WaitError `login_timeout` after `timeoutMs`; otherwise like `paymentIntents.watch`
   * @example
   * ```ts
   * for await (const event of code.loginIntents.watch(intent, { timeoutMs: 600_000 })) {
   *   if (event.type !== "submitted") continue;
   *   console.log(await code.loginIntents.getUserId({ intent, verifier: secretKey }));
   * }
   * ```
   */
  watch(intent: LoginIntent, options: WatchOptions = {}): AsyncGenerator<LoginEvent, void, undefined> {
    return this.#calls.watch(intent, options);
  }

  /**
   * Waits until a user has logged in. With `until: "rejected"`, the first rejection throws.
   *
   * @throws WaitError `login_timeout` (with the last rejection), `login_rejected`
   * @throws like {@link LoginIntents.watch}
   */
  async waitForLogin(intent: LoginIntent, options: WaitOptions = {}): Promise<SubmittedEvent> {
    return this.#calls.waitForSubmitted(intent, options);
  }
}
