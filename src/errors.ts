/**
 * Every error that this package throws.
 *
 * All extend {@link CodeIntentsError} and carry a stable `code`; the text of a message may change, a code does not.
 * No message, property or cause of ours holds a private key, seed, payload, client secret or idempotency secret.
 * A `message` is one line that is safe to print: control characters of a peer's text appear as `\uXXXX` in it.
 *
 * @module
 */

import { escapeControls } from "./escape-controls.js";

/** Codes of {@link InputError}: what the caller passed cannot be used. */
export type InputErrorCode =
  /** A required option is absent, `null` or an empty string. */
  | "missing_option"
  /** An option has a value that cannot be used; `field` names it. */
  | "invalid_option"
  /** An option name that does not exist, most often a typing error. */
  | "unknown_option"
  /** Two options that exclude each other. */
  | "conflicting_options";

/** Codes of {@link IntentMismatchError}. */
export type IntentMismatchErrorCode = "intent_mismatch";

/** Codes of {@link SignerError}. */
export type SignerErrorCode =
  /** The signer of a login's verifier threw, or gave what is no signature of its public key. Nothing was sent. */
  "signer_failed";

/** Codes of {@link UnsupportedError}. */
export type UnsupportedErrorCode =
  /** The chosen protocol has no such call; another protocol has. */
  | "unsupported_by_protocol"
  /** The runtime cannot speak the chosen protocol (gRPC in a browser). */
  | "unsupported_by_runtime";

/** Codes of {@link SequencerError}: the sequencer answered, and refused. */
export type SequencerErrorCode =
  /** A rule of the sequencer was violated; sending it again cannot help. `sequencerMessage` has its words. */
  | "request_refused"
  /** The intent has been submitted (paid) already; nothing was changed. */
  | "already_submitted"
  /** The intent is registered, but its webhook was refused. `create` with a mended URL registers it. */
  | "webhook_refused"
  /** A request with other details exists at this rendezvous key. Possibly somebody else registered it first. */
  | "intent_conflict"
  /** A signature did not verify, or a domain's ownership could not be shown. */
  | "unauthenticated"
  /** The verifier does not own the domain, or the server denies the call for another reason. */
  | "permission_denied"
  /** The sequencer has no such call. */
  | "unimplemented"
  /** The sequencer is over a limit of its own. */
  | "resource_exhausted"
  /** The sequencer failed inside. What became of the call is not known. */
  | "sequencer_failed";

/** Codes of {@link TransportError}: there is no answer that can be believed. */
export type TransportErrorCode =
  /** The sequencer could not be reached, or the connection broke. */
  | "unavailable"
  /** The deadline passed: `timeoutMs` of the call or of the client, or the sequencer's own. */
  | "deadline_exceeded"
  /** The caller's `AbortSignal` fired. */
  | "aborted"
  /** The answer is not what the protocol promises: empty, HTML, undecodable, an unknown enum value. */
  | "malformed_response"
  /** The answer is larger than any honest one. */
  | "response_too_large"
  /** The server answered with a redirect; signed requests do not follow one. */
  | "redirect_refused"
  /** The client was closed. */
  | "client_closed";

/** Codes of {@link RegistrationUnknownError}. */
export type RegistrationUnknownErrorCode = "registration_unknown";

/** Codes of {@link WaitError}. */
export type WaitErrorCode =
  /** No payment was heard of in time. */
  | "payment_timeout"
  /** The payer declined, and the caller asked to end on that. */
  | "payment_rejected"
  /** No login was heard of in time. */
  | "login_timeout"
  /** The user declined to log in, and the caller asked to end on that. */
  | "login_rejected"
  /** The intent was submitted, but its webhook was not answered with 200 in time. */
  | "webhook_unconfirmed";

/** Codes of `WebhookError` of `code-intents/webhook`. */
export type WebhookErrorCode =
  /** Not a compact JWT, not JSON, a claim is missing or of another type, or the body broke off. `field` names a claim. */
  | "webhook_malformed"
  /** The header asks for something other than plain EdDSA: `none`, HS256, RS256, a critical extension. */
  | "webhook_algorithm_refused"
  /** The signature is not by `publicKey`. */
  | "webhook_signature_invalid"
  /** Validly signed by the production sequencer, while `publicKey` names another key. */
  | "webhook_wrong_key"
  /** Validly signed, but for another order: `field` names what differs. The likely fraud. */
  | "webhook_mismatch"
  /** Validly signed, but the lookup knows no such intent. */
  | "webhook_unknown_intent"
  /** A login-only token, which names no intent, where a payment is expected. */
  | "webhook_not_bound"
  /** A payment where a login is expected. */
  | "webhook_unexpected"
  /** The last segment of the request's path is not the expected token. */
  | "webhook_wrong_path"
  /** The request is not a POST; a redirect turns a POST into a GET. */
  | "webhook_wrong_method"
  /** The content type is not `application/jwt`. */
  | "webhook_wrong_content_type"
  /** The body is larger than `maxBytes`. */
  | "webhook_too_large"
  /** The body did not arrive within `timeoutMs`. */
  | "webhook_timeout"
  /** The body was consumed before, most often by a body parser. The receiver's mistake, not the sender's. */
  | "webhook_body_unavailable";

/** Code of `ScanCodeError` of `code-intents/scan-code`. */
export type ScanCodeErrorCode =
  /** What was scanned cannot be corrected, is of another type, or is no scan code. */
  "scan_code_unreadable";

/** Every stable code. */
export type ErrorCode =
  | InputErrorCode
  | IntentMismatchErrorCode
  | SignerErrorCode
  | UnsupportedErrorCode
  | SequencerErrorCode
  | TransportErrorCode
  | RegistrationUnknownErrorCode
  | WaitErrorCode
  | WebhookErrorCode
  | ScanCodeErrorCode;

/** The gRPC and Connect status codes, by their Connect names. */
export type ConnectCodeName =
  | "canceled"
  | "unknown"
  | "invalid_argument"
  | "deadline_exceeded"
  | "not_found"
  | "already_exists"
  | "permission_denied"
  | "resource_exhausted"
  | "failed_precondition"
  | "aborted"
  | "out_of_range"
  | "unimplemented"
  | "internal"
  | "unavailable"
  | "data_loss"
  | "unauthenticated";

// Two copies of the package in one process share this registry symbol, so `instanceof` works across them.
const brand = Symbol.for("code-intents.error.classes");

interface ErrorInit {
  message: string;
  retryable?: boolean;
  cause?: unknown;
}

/**
 * Base of every error of this package.
 *
 * @example
 * ```ts
 * try {
 *   await code.paymentIntents.create(intent);
 * } catch (error) {
 *   if (error instanceof CodeIntentsError && error.retryable) await later(() => code.paymentIntents.create(intent));
 *   else throw error;
 * }
 * ```
 */
export class CodeIntentsError extends Error {
  /** Stable; switch on this. */
  readonly code: ErrorCode;
  /** Whether sending the very same call again is safe and may succeed. */
  readonly retryable: boolean;
  /** Address of the documentation of `code`. Always set, except in a page that loads only `code-intents/browser`. */
  declare readonly docsUrl?: string;

  constructor(code: ErrorCode, init: ErrorInit) {
    super(escapeControls(init.message), init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
    this.retryable = init.retryable ?? false;
    const names: string[] = [];
    for (let c: unknown = new.target; typeof c === "function" && c !== Error; c = Object.getPrototypeOf(c)) {
      if (Object.hasOwn(c, brand)) names.push((c as unknown as Record<symbol, string>)[brand] ?? "");
    }
    Object.defineProperty(this, brand, { value: names });
    Object.defineProperty(this, "name", { value: names[0], configurable: true, writable: true });
  }

  /** `instanceof`, which also holds where two copies of the package are loaded. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (typeof value !== "object" || value === null) return false;
    if (!Object.hasOwn(this, brand)) return Object.prototype.isPrototypeOf.call(this.prototype, value);
    const names = (value as Record<symbol, unknown>)[brand];
    return Array.isArray(names) && names.includes((this as unknown as Record<symbol, string>)[brand]);
  }

  static {
    Object.defineProperty(this, brand, { value: "CodeIntentsError" });
  }
}

/** The caller's input cannot be used. Nothing was sent. */
export class InputError extends CodeIntentsError {
  declare readonly code: InputErrorCode;
  /** Path of the option, such as `fees[1].basisPoints`. */
  readonly field: string;

  constructor(code: InputErrorCode, field: string, problem: string) {
    super(code, { message: `${field}: ${problem}` });
    this.field = field;
  }

  static {
    Object.defineProperty(this, brand, { value: "InputError" });
  }
}

/**
 * A rebuilt intent has another id than the one expected: amount, currency, client secret or the presence of fees
 * differ from what was registered. Show nothing to the payer.
 */
export class IntentMismatchError extends CodeIntentsError {
  declare readonly code: IntentMismatchErrorCode;
  /** The id that the caller expected, base58. */
  readonly expectedId: string;
  /** The id that the given details lead to, base58. */
  readonly actualId: string;

  constructor(expectedId: string, actualId: string) {
    super("intent_mismatch", {
      message:
        `expectedId: the details lead to intent ${actualId}, not ${expectedId}. ` +
        "What is in the id (client secret; of a payment also amount, currency and the presence of fees) differs from the " +
        "registered intent; do not show it.",
    });
    this.expectedId = expectedId;
    this.actualId = actualId;
  }

  static {
    Object.defineProperty(this, brand, { value: "IntentMismatchError" });
  }
}

/** The signer of a login's verifier failed. Nothing was sent. */
export class SignerError extends CodeIntentsError {
  declare readonly code: SignerErrorCode;

  constructor(problem: string, init: { readonly cause?: unknown; readonly retryable?: boolean } = {}) {
    super("signer_failed", { message: `verifier: the signer ${problem}`, ...init });
  }

  static {
    Object.defineProperty(this, brand, { value: "SignerError" });
  }
}

/** The protocol or the runtime cannot do what was asked. Nothing was sent. */
export class UnsupportedError extends CodeIntentsError {
  declare readonly code: UnsupportedErrorCode;

  constructor(code: UnsupportedErrorCode, message: string, init: { readonly cause?: unknown } = {}) {
    super(code, { message, cause: init.cause });
  }

  static {
    Object.defineProperty(this, brand, { value: "UnsupportedError" });
  }
}

/** What a {@link SequencerError} is made of. */
export interface SequencerErrorInit extends ErrorInit {
  /** Connect name of the status; over REST, the one that the HTTP status stands for. */
  connectCode: ConnectCodeName;
  /** The sequencer's own words, unescaped; empty where it sends none. */
  sequencerMessage: string;
  /** Where HTTP itself answered. */
  httpStatus?: number;
}

/** The sequencer answered, and refused or failed. */
export class SequencerError extends CodeIntentsError {
  declare readonly code: SequencerErrorCode;
  /** Connect name of the status. */
  readonly connectCode: ConnectCodeName;
  /**
   * The sequencer's own words, unescaped: they may hold line breaks and characters that control a terminal. Print
   * `message` instead. Empty if it sends none.
   */
  readonly sequencerMessage: string;
  /** HTTP status, where HTTP itself answered: over REST, and before any sequencer. */
  readonly httpStatus: number | undefined;

  constructor(code: SequencerErrorCode, init: SequencerErrorInit) {
    super(code, init);
    this.connectCode = init.connectCode;
    this.sequencerMessage = init.sequencerMessage;
    this.httpStatus = init.httpStatus;
  }

  static {
    Object.defineProperty(this, brand, { value: "SequencerError" });
  }
}

/** What a {@link TransportError} is made of. */
export interface TransportErrorInit extends ErrorInit {
  /** Whether the request may have reached the sequencer and taken effect. Default `true`. */
  mayHaveArrived?: boolean;
  /** HTTP status, where there was one. */
  httpStatus?: number;
  /** Connect name of the status, where there was one. */
  connectCode?: ConnectCodeName;
}

/** There is no answer that can be believed. */
export class TransportError extends CodeIntentsError {
  declare readonly code: TransportErrorCode;
  /** Whether the request may have reached the sequencer and taken effect. */
  readonly mayHaveArrived: boolean;
  /** HTTP status, where there was one. */
  readonly httpStatus: number | undefined;
  /** Connect name of the status, where there was one. */
  readonly connectCode: ConnectCodeName | undefined;

  constructor(code: TransportErrorCode, init: TransportErrorInit) {
    super(code, init);
    this.mayHaveArrived = init.mayHaveArrived ?? true;
    this.httpStatus = init.httpStatus;
    this.connectCode = init.connectCode;
  }

  static {
    Object.defineProperty(this, brand, { value: "TransportError" });
  }
}

/**
 * `create` ended without knowing whether the intent is registered. Keep the intent and call `create` with it again:
 * the same intent twice is one intent.
 */
export class RegistrationUnknownError<Intent = unknown> extends CodeIntentsError {
  declare readonly code: RegistrationUnknownErrorCode;
  /** Base58 id of the intent. */
  readonly intentId: string;
  /** The intent itself; not enumerable, so that logging the error does not log it. */
  declare readonly intent: Intent;

  constructor(intentId: string, intent: Intent, cause: unknown) {
    super("registration_unknown", {
      message:
        `It is not known whether intent ${intentId} is registered: no attempt was answered clearly. ` +
        "Call create() with the same intent again (the same intent twice is one intent), or ask getStatus()." +
        (cause instanceof CodeIntentsError ? ` The last attempt: ${cause.message}` : ""),
      retryable: true,
      cause,
    });
    this.intentId = intentId;
    Object.defineProperty(this, "intent", { value: intent, enumerable: false });
  }

  static {
    Object.defineProperty(this, brand, { value: "RegistrationUnknownError" });
  }
}

/** What a {@link WaitError} is made of. */
export interface WaitErrorInit {
  readonly intentId: string;
  /** What happened, as one sentence. */
  readonly what: string;
  /** Base58 id of the last message that said that the payer or user declined. */
  readonly lastRejectionId?: string | undefined;
  readonly cause?: unknown;
}

/**
 * Waiting for a payment or a login ended without one. The intent stays open: a payment may still come, and a merchant who no
 * longer wants it has to expect it all the same. Only `webhook_unconfirmed` means that the intent was submitted.
 */
export class WaitError extends CodeIntentsError {
  declare readonly code: WaitErrorCode;
  /** Base58 id of the intent. */
  readonly intentId: string;
  /** Base58 id of the last message that said that the payer or user declined; `undefined` where there was none. */
  readonly lastRejectionId: string | undefined;

  constructor(code: WaitErrorCode, { intentId, what, lastRejectionId, cause }: WaitErrorInit) {
    const outlook =
      code === "webhook_unconfirmed"
        ? `Intent ${intentId} is submitted; the sequencer may still call the webhook, if there is one.`
        : code === "login_timeout" || code === "login_rejected"
          ? `Intent ${intentId} stays open: a login may still come.`
          : `Intent ${intentId} stays payable: a payment may still come.`;
    super(code, { message: `${what} ${outlook}`, cause });
    this.intentId = intentId;
    this.lastRejectionId = lastRejectionId;
  }

  static {
    Object.defineProperty(this, brand, { value: "WaitError" });
  }
}

/**
 * Every error of this package, to switch on `code` with narrowing.
 *
 * @example
 * ```ts
 * function describe(error: AnyCodeIntentsError): string {
 *   return error.code === "invalid_option" ? error.field : error.message;
 * }
 * ```
 */
export type AnyCodeIntentsError =
  | InputError
  | IntentMismatchError
  | SignerError
  | UnsupportedError
  | SequencerError
  | TransportError
  | RegistrationUnknownError
  | WaitError;
