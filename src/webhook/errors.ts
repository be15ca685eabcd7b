import "../lib/docs-url.js";
import { CodeIntentsError, type WebhookErrorCode } from "../errors.js";

interface WebhookErrorInit {
  readonly message: string;
  readonly field?: string | undefined;
  readonly cause?: unknown;
}

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
export class WebhookError extends CodeIntentsError {
  declare readonly code: WebhookErrorCode;
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
