/**
 * Every error that this package throws.
 *
 * All extend {@link CodeIntentsError} and have a stable `code`. The text of a message can change, a code does
 * not. No message, property or cause that this package creates contains a private key, seed, payload, client
 * secret or idempotency secret. A `message` is one line that is safe to print: control characters in a peer's
 * text appear as `\uXXXX`.
 *
 * @module
 */

import { escapeControls } from "./escape-controls.js";

/** Codes of {@link InputError}: the caller passed an unusable option. */
export type InputErrorCode =
  /** A required option is absent, `null` or an empty string. */
  | "missing_option"
  /** An option has a value that cannot be used; `field` names it. */
  | "invalid_option"
  /** An option name does not exist, most often because of a typing error. */
  | "unknown_option"
  /** Two options exclude each other. */
  | "conflicting_options";

/** Codes of {@link IntentMismatchError}. */
export type IntentMismatchErrorCode = "intent_mismatch";

/** Codes of {@link SignerError}. */
export type SignerErrorCode =
  /**
   * The signer of a login's verifier threw, or returned a value that is not a signature by its public key.
   * Nothing was sent.
   */
  "signer_failed";

/** Codes of {@link UnsupportedError}. */
export type UnsupportedErrorCode =
  /** The chosen protocol has no such call. Use another protocol. */
  | "unsupported_by_protocol"
  /** The runtime cannot speak the chosen protocol, such as gRPC in a browser. */
  | "unsupported_by_runtime";

/** Codes of {@link SequencerError}: the sequencer responded, and rejected the call or failed. */
export type SequencerErrorCode =
  /**
   * The request violates a rule of the sequencer, and fails again if repeated. `sequencerMessage` contains
   * the rule's text.
   */
  | "request_refused"
  /**
   * The intent was submitted before this call, which changed nothing. This does not prove that your order is
   * paid: another party's request may have been paid.
   */
  | "already_submitted"
  /**
   * The intent is registered, but its webhook was rejected. Call `create` with a corrected URL to register
   * it.
   */
  | "webhook_refused"
  /**
   * A request with other details is registered at this rendezvous key. Another party may have registered
   * first.
   */
  | "intent_conflict"
  /** The sequencer could not verify a signature, or that the verifier owns the domain. */
  | "unauthenticated"
  /** The verifier does not own the domain, or the server denies the call for another reason. */
  | "permission_denied"
  /** The server has no such call. */
  | "unimplemented"
  /** The sequencer is over one of its limits. */
  | "resource_exhausted"
  /** The sequencer failed internally. The outcome of the call is unknown. */
  | "sequencer_failed";

/** Codes of {@link TransportError}: there is no trustworthy response. */
export type TransportErrorCode =
  /** The connection was refused or broke, or a gateway reported that the sequencer is unavailable. */
  | "unavailable"
  /** The deadline passed: `timeoutMs` of the call or of the client, or the sequencer's own deadline. */
  | "deadline_exceeded"
  /** The caller's `AbortSignal` fired. */
  | "aborted"
  /** The response is empty, is HTML, cannot be decoded, or contains an unknown enum value. */
  | "malformed_response"
  /** The response is larger than 1 MiB. */
  | "response_too_large"
  /** The server responded with a redirect. Signed requests do not follow redirects. */
  | "redirect_refused"
  /** The client was closed. */
  | "client_closed";

/** Codes of {@link RegistrationUnknownError}. */
export type RegistrationUnknownErrorCode = "registration_unknown";

/** Codes of {@link WaitError}. */
export type WaitErrorCode =
  /** No payment was reported in time. */
  | "payment_timeout"
  /** The payer declined, and the call has `until: "rejected"`. */
  | "payment_rejected"
  /** No login was reported in time. */
  | "login_timeout"
  /** The user declined to log in, and the call has `until: "rejected"`. */
  | "login_rejected"
  /** The intent was submitted, but its webhook was not answered with 200 in time. */
  | "webhook_unconfirmed";

/** Codes of `WebhookError` of `code-intents/webhook`. */
export type WebhookErrorCode =
  /**
   * Not a compact JWT, not JSON, a truncated body, or a claim that is missing or has another type. `field`
   * names a claim.
   */
  | "webhook_malformed"
  /**
   * The header names an algorithm other than plain EdDSA, such as `none`, HS256 or RS256, or a critical
   * extension.
   */
  | "webhook_algorithm_refused"
  /** The signature is not by `publicKey`. */
  | "webhook_signature_invalid"
  /** The production sequencer signed it, but `publicKey` is a different key. */
  | "webhook_wrong_key"
  /** Validly signed, but for another order: the likely fraud. `field` names what differs. */
  | "webhook_mismatch"
  /** Validly signed, but the lookup does not know the intent. */
  | "webhook_unknown_intent"
  /** A login-only token, which names no intent, arrived where a payment is expected. */
  | "webhook_not_bound"
  /** A payment arrived where a login is expected. */
  | "webhook_unexpected"
  /** The last segment of the request's path is not the expected token. */
  | "webhook_wrong_path"
  /** The request is not a POST. A redirect can turn a POST into a GET. */
  | "webhook_wrong_method"
  /** The content type is not `application/jwt`. */
  | "webhook_wrong_content_type"
  /** The body is larger than `maxBytes`. */
  | "webhook_too_large"
  /** The body did not arrive within `timeoutMs`. */
  | "webhook_timeout"
  /**
   * The body was already consumed, most often by a body parser. This is the receiver's mistake, not the
   * sender's.
   */
  | "webhook_body_unavailable"
  /**
   * `fulfil` outlived its lease, and another delivery has claimed the intent since. The order is fulfilled,
   * and can be fulfilled twice.
   */
  | "webhook_lease_lost";

/** Code of `ScanCodeError` of `code-intents/scan-code`. */
export type ScanCodeErrorCode =
  /** The image contains no scan code, one of another type, or one with too many wrong bytes. */
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
  /** Milliseconds after which the server asks for the next attempt, if it does. */
  retryAfterMs?: number | undefined;
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
 *   if (!(error instanceof CodeIntentsError) || !error.retryable) throw error;
 *   await later(() => code.paymentIntents.create(intent));
 * }
 * ```
 */
export class CodeIntentsError extends Error {
  /** Stable; switch on this. */
  readonly code: ErrorCode;
  /** Whether it is safe to repeat the call, and a repetition may succeed. */
  readonly retryable: boolean;
  /**
   * Milliseconds that the server asks callers to wait before the same call again, by `Retry-After`; at most a
   * day. Absent if it does not ask. A call that retries has already waited, if its deadline allowed that.
   */
  declare readonly retryAfterMs?: number;
  /**
   * Address of the documentation of `code`. Always set, except in a page that loads only
   * `code-intents/browser`.
   */
  declare readonly docsUrl?: string;

  constructor(code: ErrorCode, init: ErrorInit) {
    super(escapeControls(init.message), init.cause === undefined ? undefined : { cause: init.cause });
    this.code = code;
    this.retryable = init.retryable ?? false;
    if (init.retryAfterMs !== undefined) this.retryAfterMs = init.retryAfterMs;
    const names: string[] = [];
    for (let c: unknown = new.target; typeof c === "function" && c !== Error; c = Object.getPrototypeOf(c)) {
      if (Object.hasOwn(c, brand)) names.push((c as unknown as Record<symbol, string>)[brand] ?? "");
    }
    Object.defineProperty(this, brand, { value: names });
    Object.defineProperty(this, "name", { value: names[0], configurable: true, writable: true });
  }

  /** Makes `instanceof` work across two loaded copies of the package. */
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

/** An option cannot be used. Nothing was sent. */
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
 * A rebuilt intent has another id than expected: the amount, the currency, the client secret or the presence
 * of fees differs from the registered intent. Do not show it to the payer.
 */
export class IntentMismatchError extends CodeIntentsError {
  declare readonly code: IntentMismatchErrorCode;
  /** The id that the caller expected, base58. */
  readonly expectedId: string;
  /** The id that the given details yield, base58. */
  readonly actualId: string;

  constructor(expectedId: string, actualId: string) {
    super("intent_mismatch", {
      message:
        `expectedId: the details yield intent ${actualId}, not ${expectedId}. The client secret, or a payment's amount, ` +
        "currency or presence of fees, differs from the registered intent. Do not show it.",
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

/** The protocol or the runtime cannot make the call. Nothing was sent. */
export class UnsupportedError extends CodeIntentsError {
  declare readonly code: UnsupportedErrorCode;

  constructor(code: UnsupportedErrorCode, message: string, init: { readonly cause?: unknown } = {}) {
    super(code, { message, cause: init.cause });
  }

  static {
    Object.defineProperty(this, brand, { value: "UnsupportedError" });
  }
}

/** Parts of a {@link SequencerError}. */
export interface SequencerErrorInit extends ErrorInit {
  /** Connect name of the status; over REST, the name that corresponds to the HTTP status. */
  connectCode: ConnectCodeName;
  /** The sequencer's own text, unescaped; empty if it sends none. */
  sequencerMessage: string;
  /** HTTP status, if HTTP itself reported the failure. */
  httpStatus?: number;
}

/** The sequencer responded, and rejected the call or failed. */
export class SequencerError extends CodeIntentsError {
  declare readonly code: SequencerErrorCode;
  /** Connect name of the status. */
  readonly connectCode: ConnectCodeName;
  /**
   * The sequencer's own text, unescaped: it may contain line breaks and characters that control a terminal.
   * Print `message` instead. Empty if the sequencer sends none.
   */
  readonly sequencerMessage: string;
  /** HTTP status, if HTTP itself reported the failure: over REST, or from a proxy. */
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

/** Parts of a {@link TransportError}. */
export interface TransportErrorInit extends ErrorInit {
  /** Whether the request may have reached the sequencer and taken effect. Default `true`. */
  mayHaveArrived?: boolean;
  /** HTTP status, if there was one. */
  httpStatus?: number;
  /** Connect name of the status, if there was one. */
  connectCode?: ConnectCodeName;
}

/** There is no trustworthy response. */
export class TransportError extends CodeIntentsError {
  declare readonly code: TransportErrorCode;
  /** Whether the request may have reached the sequencer and taken effect. */
  readonly mayHaveArrived: boolean;
  /** HTTP status, if there was one. */
  readonly httpStatus: number | undefined;
  /** Connect name of the status, if there was one. */
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
 * `create` ended, and it is unknown whether the intent is registered. Keep the intent and call `create` with
 * it again: the same intent twice is one intent.
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
        `It is unknown whether intent ${intentId} is registered: no attempt had a clear outcome. ` +
        "Call create() with the same intent again: the same intent twice is one intent." +
        (cause instanceof CodeIntentsError ? ` The last attempt: ${cause.message}` : ""),
      retryable: true,
      retryAfterMs: cause instanceof CodeIntentsError ? cause.retryAfterMs : undefined,
      cause,
    });
    this.intentId = intentId;
    Object.defineProperty(this, "intent", { value: intent, enumerable: false });
  }

  static {
    Object.defineProperty(this, brand, { value: "RegistrationUnknownError" });
  }
}

/** Parts of a {@link WaitError}. */
export interface WaitErrorInit {
  readonly intentId: string;
  /** What happened, as one sentence. */
  readonly what: string;
  /** Base58 id of the last message that reported that the payer or user declined. */
  readonly lastRejectionId?: string | undefined;
  /** `false` if the sequencer does not know the intent. Default: `true`. */
  readonly isRegistered?: boolean | undefined;
  readonly cause?: unknown;
}

/** What the message of an error says about an intent that the sequencer does not know. */
export const NOT_REGISTERED = "is not registered with the sequencer: create it first";

/**
 * Waiting for a payment or a login ended without one. The intent stays open: the payer can still pay, even if
 * the merchant has cancelled the order. Only `webhook_unconfirmed` means that the intent was submitted.
 */
export class WaitError extends CodeIntentsError {
  declare readonly code: WaitErrorCode;
  /** Base58 id of the intent. */
  readonly intentId: string;
  /**
   * Base58 id of the last message that reported that the payer or user declined; `undefined` if there was
   * none.
   */
  readonly lastRejectionId: string | undefined;

  constructor(
    code: WaitErrorCode,
    { intentId, what, lastRejectionId, isRegistered = true, cause }: WaitErrorInit,
  ) {
    const outlook = !isRegistered
      ? `Intent ${intentId} ${NOT_REGISTERED}.`
      : code === "webhook_unconfirmed"
        ? `Intent ${intentId} is submitted; the sequencer may still call the webhook, if there is one.`
        : code === "login_timeout" || code === "login_rejected"
          ? `Intent ${intentId} stays open: the user can still log in.`
          : `Intent ${intentId} stays payable: the payer can still pay.`;
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
