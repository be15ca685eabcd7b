import type { Command } from "commander";
import { usageError } from "../failure/errors.js";
import type { Session } from "../session.js";

/** Options that set a webhook. */
export interface WebhookOptions {
  readonly webhook?: string;
  readonly webhookFile?: string;
}

/** Adds the options of {@link WebhookOptions}. */
export function addWebhookOptions(command: Command, when: string): void {
  command
    .option("--webhook <url>", `webhook to call ${when}`)
    .option("--webhook-file <path>", "file with the URL of the webhook, if its path contains a secret");
}

/** Returns the webhook that the options set. */
export async function readWebhook(
  session: Session,
  { webhook, webhookFile }: WebhookOptions,
): Promise<{ readonly url: string } | undefined> {
  if (webhookFile === undefined) return webhook === undefined ? undefined : { url: webhook };
  if (webhook !== undefined) throw usageError("--webhook and --webhook-file cannot be combined");
  return { url: await session.inputs.text(webhookFile, "the webhook's URL") };
}
