/** The steps that an accepted payment and an accepted login share. */
import type { Message } from "../../../gen/code/messaging/v1/messaging_service_pb.js";
import type { ProtocolClock } from "../clock.js";
import { intentSubmitted } from "../server-messages.js";
import type { IntentRecord, Store, StoreTransaction } from "../store/store.js";
import type { StreamHub } from "../streams/stream-hub.js";
import type { WebhookDelivery } from "../webhook/delivery.js";

/** Dependencies of submitting an intent. */
export interface SubmissionContext {
  readonly store: Store;
  readonly hub: StreamHub;
  readonly clock: ProtocolClock;
  readonly delivery: Pick<WebhookDelivery, "schedule">;
}

/** A submitted intent, to be published once its transaction is committed. */
export interface Submission {
  readonly message: Message;
  readonly hasWebhook: boolean;
}

/**
 * Stores the intent, its IntentSubmitted message and, if a webhook is registered, marks the webhook as
 * pending. Runs in the caller's transaction.
 */
export async function putSubmitted(
  transaction: StoreTransaction,
  intentId: string,
  { payment, user }: Pick<IntentRecord, "payment" | "user">,
  now: number,
): Promise<Submission> {
  const { message, record } = intentSubmitted(intentId, payment, now);
  await transaction.putIntent({ state: "submitted", submittedAt: now, payment, user });
  const webhook = await transaction.getWebhook();
  if (webhook !== undefined) await transaction.putWebhook({ ...webhook, state: "pending" });
  await transaction.addMessage(record);
  return { message, hasWebhook: webhook !== undefined };
}

/** Schedules the webhook and delivers IntentSubmitted to the open stream. */
export async function publishSubmission(
  { delivery, hub }: SubmissionContext,
  intentId: string,
  { message, hasWebhook }: Submission,
): Promise<void> {
  if (hasWebhook) delivery.schedule(intentId);
  await hub.deliver(intentId, message);
}
