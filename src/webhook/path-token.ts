import { base64urlnopad } from "@scure/base";
import { InputError } from "../errors.js";
import { requireString } from "../lib/options.js";
import { checkWebhookUrl } from "../lib/webhook-url.js";

// 16 random bytes in base64url, at least.
const tokenForm = /^[A-Za-z0-9_-]{22,256}$/;
const tokenWhat = "22 to 256 letters, digits, - and _, that nobody can guess; webhookPathToken() makes one";

/** A fresh path token: 24 random bytes as 32 characters of base64url. Keep it with the order; it is a secret. */
export function webhookPathToken(): string {
  return base64urlnopad.encode(globalThis.crypto.getRandomValues(new Uint8Array(24)));
}

/**
 * A webhook URL with an unguessable token as its last path segment. Only the sequencer learns it, so a request that
 * knows it comes from whoever registered the webhook or received it. It is what binds a login-only webhook, which names
 * no intent, to a session of yours.
 *
 * @param base URL of your receiver, `https:` (`http:` only where the sequencer allows it); a query stays behind the token
 * @throws InputError naming the field
 * @example
 * ```ts
 * import { createWebhookUrl, webhookPathToken } from "code-intents/webhook";
 *
 * const token = webhookPathToken();
 * const url = createWebhookUrl("https://shop.example/webhooks/code", { token });
 * await code.paymentIntents.create({ destination, amount: "2.50", currency: "usd", webhook: { url } });
 * ```
 */
export function createWebhookUrl(base: string, { token }: { readonly token: string }): string {
  checkWebhookUrl(base, "base");
  requirePathToken(token, "token");
  const url = new URL(base);
  if (url.hash !== "") throw new InputError("invalid_option", "base", "must not have a fragment");
  url.pathname = `${url.pathname.replace(/\/$/, "")}/${token}`;
  return checkWebhookUrl(url.href, "base");
}

/**
 * The last path segment of a request's URL, absolute or not: the path token, if it is one that you gave out. One slash
 * at the end does not count.
 */
export function readWebhookPathToken(url: string): string {
  const path = url
    .replace(/^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/?#]*/, "")
    .replace(/[?#].*$/s, "")
    .replace(/\/$/, "");
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A path token option. The error never holds it. */
export function requirePathToken(token: unknown, field: string): string {
  const text = requireString(token, field, tokenWhat);
  if (!tokenForm.test(text)) throw new InputError("invalid_option", field, `must be ${tokenWhat}`);
  return text;
}

/** Whether a guess equals a secret, in a time that depends on the guess's length only. */
export function equalSecrets(guess: string, secret: string): boolean {
  let difference = guess.length ^ secret.length;
  for (let i = 0; i < guess.length; i++)
    difference |= guess.charCodeAt(i) ^ secret.charCodeAt(i % secret.length);
  return difference === 0;
}
