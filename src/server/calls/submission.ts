/** What a payment and a login have in common once they are accepted. */
import type { Message } from "../../../gen/code/messaging/v1/messaging_service_pb.js";
import type { Clock } from "../clock.js";
import { intentSubmitted } from "../server-messages.js";
import type { IntentRecord, Store, StoreTransaction } from "../store/store.js";
import type { StreamHub } from "../streams/stream-hub.js";
import type { WebhookDelivery } from "../webhook/delivery.js";

/** What submitting an intent depends on. */
export interface SubmissionContext {
  readonly store: Store;
  readonly hub: StreamHub;
  readonly clock: Clock;
  readonly delivery: Pick<WebhookDelivery, "schedule">;
}

/** A submitted intent, to be published once its transaction has taken effect. */
export interface Submission {
  readonly message: Message;
  readonly hasWebhook: boolean;
}

/** Stores the intent, its IntentSubmitted and, where there is a webhook, that it is due: in the caller's transaction. */
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

/** Schedules the webhook, and delivers IntentSubmitted to the open stream. */
export async function publishSubmission(
  { delivery, hub }: SubmissionContext,
  intentId: string,
  { message, hasWebhook }: Submission,
): Promise<void> {
  if (hasWebhook) delivery.schedule(intentId);
  await hub.deliver(intentId, message);
}
