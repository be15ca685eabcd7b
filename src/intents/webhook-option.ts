import { InputError } from "../errors.js";
import { checkOptions } from "../lib/options.js";
import { checkWebhookUrl } from "../lib/webhook-url.js";

/** The URL that the sequencer calls when the intent is submitted. */
export interface WebhookOption {
  /** An absolute `https:` URL (`http:` only if the sequencer allows it), at most 1024 characters. */
  readonly url: string;
}

/** Reads the `webhook` option. */
export function checkWebhook(webhook: unknown): WebhookOption | undefined {
  if (webhook === undefined) return undefined;
  if (typeof webhook === "string") {
    throw new InputError(
      "invalid_option",
      "webhook",
      'must be an object such as { url: "https://shop.example.com/paid" }',
    );
  }
  checkOptions(webhook, "webhook", ["url"]);
  return Object.freeze({ url: checkWebhookUrl(webhook.url, "webhook.url") });
}
