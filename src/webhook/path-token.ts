import { base64urlnopad } from "@scure/base";
import { InputError } from "../errors.js";
import { requireString } from "../lib/options.js";
import { checkWebhookUrl } from "../lib/webhook-url.js";

// At least 16 random bytes in base64url.
const tokenForm = /^[A-Za-z0-9_-]{22,256}$/;
const tokenWhat = "22 to 256 unguessable letters, digits, - and _. webhookPathToken() creates one";

/**
 * Creates a random path token: 24 bytes as 32 characters of base64url. It is a secret. Store it with the
 * order.
 */
export function webhookPathToken(): string {
  return base64urlnopad.encode(globalThis.crypto.getRandomValues(new Uint8Array(24)));
}

/**
 * Returns a webhook URL with an unguessable token as its last path segment. Only the sequencer learns the
 * URL, so a request with the token comes from a party that registered the webhook or received it. The token
 * binds a login-only webhook, which names no intent, to one of your sessions.
 *
 * @param base URL of your receiver, `https:` (`http:` only if the sequencer allows it). A query stays after
 * the token
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
 * Returns the last path segment of a request URL, absolute or relative. This is the path token if you issued
 * it. Ignores one trailing slash.
 */
export function readWebhookPathToken(url: string): string {
  const path = url
    .replace(/^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/?#]*/, "")
    .replace(/[?#].*$/s, "")
    .replace(/\/$/, "");
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Validates a path token option. The error never contains the token. */
export function requirePathToken(token: unknown, field: string): string {
  const text = requireString(token, field, tokenWhat);
  if (!tokenForm.test(text)) throw new InputError("invalid_option", field, `must be ${tokenWhat}`);
  return text;
}

/** Returns whether a guess equals a secret. The time depends only on the length of the guess. */
export function equalSecrets(guess: string, secret: string): boolean {
  let difference = guess.length ^ secret.length;
  for (let i = 0; i < guess.length; i++)
    difference |= guess.charCodeAt(i) ^ secret.charCodeAt(i % secret.length);
  return difference === 0;
}
