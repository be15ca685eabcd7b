import type { Command } from "commander";
import { usageError } from "../failure/errors.js";
import type { Session } from "../session.js";

/** Where a webhook goes. */
export interface WebhookOptions {
  readonly webhook?: string;
  readonly webhookFile?: string;
}

/** Adds the options of {@link WebhookOptions}. */
export function addWebhookOptions(command: Command, what: string): void {
  command
    .option("--webhook <url>", `webhook that is ${what}`)
    .option("--webhook-file <path>", "file with its URL, where the path holds a secret token");
}

/** The webhook that the options name. */
export async function readWebhook(
  session: Session,
  { webhook, webhookFile }: WebhookOptions,
): Promise<{ readonly url: string } | undefined> {
  if (webhookFile === undefined) return webhook === undefined ? undefined : { url: webhook };
  if (webhook !== undefined) throw usageError("--webhook and --webhook-file exclude each other");
  return { url: await session.inputs.text(webhookFile, "the webhook's URL") };
}
