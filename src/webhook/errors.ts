import "../lib/docs-url.js";
import { CodeIntentsError, type WebhookErrorCode } from "../errors.js";

interface WebhookErrorInit {
  readonly message: string;
  readonly field?: string | undefined;
  readonly cause?: unknown;
}

/**
 * A webhook that failed verification. Do not fulfil an order on it.
 *
 * No message contains the token, its signature or a path token. Messages can name the claims of a validly
 * signed token, because those are public.
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
 *     // `error.field` names the value that differs.
 *     if (error instanceof WebhookError && error.code === "webhook_mismatch") return false;
 *     throw error;
 *   }
 * }
 * ```
 */
export class WebhookError extends CodeIntentsError {
  declare readonly code: WebhookErrorCode;
  /**
   * The value that differs (`intent`, `destination`, `currency`, `amount`, `user`), or the malformed claim.
   */
  readonly field: string | undefined;

  /** @internal */
  constructor(code: WebhookErrorCode, { message, field, cause }: WebhookErrorInit) {
    super(code, { message: field === undefined ? message : `${field}: ${message}`, cause });
    this.field = field;
  }

  static {
    // The registry symbol of src/errors.ts. It makes `instanceof` work across two copies of the package.
    Object.defineProperty(WebhookError, Symbol.for("code-intents.error.classes"), { value: "WebhookError" });
  }
}
