import { InputError } from "../errors.js";
import { checkOptions } from "../lib/options.js";
import { bytesOf } from "./bytes-of.js";
import type { WebhookClaims, WebhookExpect } from "./expectation.js";
import { fetchIncoming, isWebhookRequest, type WebhookRequest } from "./incoming.js";
import { createReceiver, type VerifyWebhookOptions, verifyOptionNames } from "./receiver.js";

/** A webhook as it came: the request, or its body (a compact JWT) as text or bytes. */
export type WebhookInput = WebhookRequest | string | Uint8Array;

/**
 * Verifies a webhook: that the sequencer signed it, and that it is for your order.
 *
 * Of a request, method, content type, size and arrival time are checked too, and with `pathToken` the path. Signature
 * comes first, then the claims, then the comparison: intent, destination and currency exactly, the amount within 0.0001.
 *
 * A token carries no time and no number of its own: the same webhook verifies for ever, and arrives more than once. Act
 * on it once per intent, with `onceOnly`.
 *
 * @returns the claims; `bound: true` where they were compared with an order
 * @throws WebhookError where the webhook must not be acted upon
 * @throws InputError naming the field, where the options, or what the lookup returned, cannot be used
 * @throws UnsupportedError `unsupported_by_runtime` where the runtime's Web Crypto has no Ed25519
 * @example
 * ```ts
 * import { PRODUCTION_WEBHOOK_PUBLIC_KEY, verifyWebhook } from "code-intents/webhook";
 *
 * async function onWebhook(request: Request): Promise<void> {
 *   const claims = await verifyWebhook(request, { publicKey: PRODUCTION_WEBHOOK_PUBLIC_KEY, expect: intent });
 *   console.log(`${claims.intent} was paid with ${claims.quarks} quarks`);
 * }
 * ```
 */
export async function verifyWebhook<Expect extends WebhookExpect>(
  input: WebhookInput,
  options: VerifyWebhookOptions<Expect>,
): Promise<WebhookClaims<Expect>> {
  checkOptions(options, "", verifyOptionNames, {
    maxAge: "there is none: a webhook carries no time. Act on it once per intent instead",
  });
  const receiver = createReceiver(options);
  if (isWebhookRequest(input)) return (await receiver.receive(fetchIncoming(input))).claims;
  const token = typeof input === "string" ? input : bytesOf(input);
  if (token === undefined) {
    throw new InputError("invalid_option", "input", "must be a Request, or the body as a string or bytes");
  }
  if (options.pathToken !== undefined) {
    throw new InputError("conflicting_options", "pathToken", "needs the request: a body alone has no path");
  }
  return receiver.verify(token);
}
