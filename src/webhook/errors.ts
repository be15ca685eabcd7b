import { CodeIntentsError } from "../errors.js";

/** Codes of {@link WebhookError}. */
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

interface WebhookErrorInit {
  readonly message: string;
  readonly field?: string | undefined;
  readonly cause?: unknown;
}

// The base's `code` is a closed union. Once it lists these codes, this is `extends CodeIntentsError`.
const Base: new (
  code: WebhookErrorCode,
  init: { message: string; retryable?: boolean; cause?: unknown },
) => Omit<CodeIntentsError, "code"> & { readonly code: WebhookErrorCode } = CodeIntentsError as never;

/**
 * A webhook that must not be acted upon: nothing may be released on it.
 *
 * No message holds the token, its signature or a path token. What a validly signed token claims is public and is named.
 *
 * @example
 * ```ts
 * import { verifyWebhook, WebhookError } from "code-intents/webhook";
 *
 * async function isPaid(jwt: string, publicKey: string): Promise<boolean> {
 *   try {
 *     await verifyWebhook(jwt, { publicKey, expect: order });
 *     return true;
 *   } catch (error) {
 *     if (error instanceof WebhookError && error.code === "webhook_mismatch") return false; // error.field differs
 *     throw error;
 *   }
 * }
 * ```
 */
export class WebhookError extends Base {
  /** What differs (`intent`, `destination`, `currency`, `amount`, `user`), or the claim that is malformed. */
  readonly field: string | undefined;

  /** @internal */
  constructor(code: WebhookErrorCode, { message, field, cause }: WebhookErrorInit) {
    super(code, { message: field === undefined ? message : `${field}: ${message}`, cause });
    this.field = field;
  }

  static {
    // The registry symbol of src/errors.ts: `instanceof` works across two copies of the package.
    Object.defineProperty(WebhookError, Symbol.for("code-intents.error.classes"), { value: "WebhookError" });
  }
}
