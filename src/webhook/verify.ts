import { InputError } from "../errors.js";
import { checkOptions } from "../lib/options.js";
import { bytesOf } from "./bytes-of.js";
import { describeInput } from "./describe-input.js";
import type { WebhookClaims, WebhookExpect } from "./expectation.js";
import { fetchIncoming, isWebhookRequest, type WebhookRequest } from "./incoming.js";
import { createReceiver, type VerifyWebhookOptions, verifyOptionNames } from "./receiver.js";

/** A webhook as it arrived: the request, or its body (a compact JWT) as text or bytes. */
export type WebhookInput = WebhookRequest | string | Uint8Array;

/**
 * Verifies that the sequencer signed a webhook and that it is for your order.
 *
 * For a request, it also checks the method, content type, size and arrival time, and with `pathToken` the
 * path. It checks the signature first, then the claims, then compares them: intent, destination and currency
 * exactly, the amount within 0.0001.
 *
 * A token contains no time and no unique id. The same webhook stays valid indefinitely and arrives more than
 * once. Act on it once per intent, with `onceOnly`.
 *
 * @returns the claims, with `bound: true` if they were compared with an order
 * @throws WebhookError if the webhook must not be acted upon
 * @throws InputError naming the field, if the options or the result of the lookup are invalid
 * @throws UnsupportedError `unsupported_by_runtime` if the runtime's Web Crypto does not support Ed25519
 * @example
 * ```ts
 * import { PRODUCTION_WEBHOOK_PUBLIC_KEY, verifyWebhook } from "code-intents/webhook";
 *
 * async function onWebhook(request: Request): Promise<void> {
 *   const claims = await verifyWebhook(request, {
 *     publicKey: PRODUCTION_WEBHOOK_PUBLIC_KEY,
 *     expect: intent,
 *   });
 *   console.log(`${claims.intent} was paid with ${claims.quarks} quarks`);
 * }
 * ```
 */
export async function verifyWebhook<Expect extends WebhookExpect>(
  input: WebhookInput,
  options: VerifyWebhookOptions<Expect>,
): Promise<WebhookClaims<Expect>> {
  checkOptions(options, "", verifyOptionNames, {
    maxAge: "is not supported, because a webhook contains no time. Act on it once per intent instead",
  });
  const receiver = createReceiver(options);
  if (isWebhookRequest(input)) return (await receiver.receive(fetchIncoming(input))).claims;
  const token = typeof input === "string" ? input : bytesOf(input);
  if (token === undefined) {
    const must = "verifyWebhook needs a Request, or the body as a string or bytes";
    throw new InputError("invalid_option", "input", `${describeInput(input)} ${must}`);
  }
  if (options.pathToken !== undefined) {
    throw new InputError(
      "conflicting_options",
      "pathToken",
      "requires a request, because a body alone has no path",
    );
  }
  return receiver.verify(token);
}
