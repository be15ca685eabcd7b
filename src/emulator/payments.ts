import type { Clock } from "./clock.js";
import { invalidArgument } from "./failure.js";
import type { RatesTable } from "./rates.js";
import { checkPayment, type Payment } from "./rules/payment.js";
import { intentSubmitted } from "./server-messages.js";
import type { Store, SubmittedPayment } from "./store.js";
import type { StreamHub } from "./stream-hub.js";
import type { WebhookDelivery } from "./webhook-delivery.js";

/** What submitting a payment depends on. */
export interface PaymentContext {
  readonly store: Store;
  readonly hub: StreamHub;
  readonly clock: Clock;
  readonly delivery: WebhookDelivery;
  readonly rates: RatesTable;
}

/**
 * Submits a payment: stores the intent, arms the webhook and emits IntentSubmitted with its metadata, in one transaction.
 *
 * @throws ConnectError InvalidArgument with the sequencer's words where the payment does not fit the request
 */
export async function submitPayment(
  context: PaymentContext,
  intentId: string,
  changes: Partial<Payment>,
): Promise<SubmittedPayment> {
  const { store, clock, hub, delivery, rates } = context;
  const { payment, message, hasWebhook } = await store.transaction(intentId, async (transaction) => {
    const request = await transaction.getRequest();
    if (request === undefined) throw invalidArgument("no request exists for this intent");
    if (request.payment === undefined) throw invalidArgument("the request doesn't require payment");
    if ((await transaction.getIntent()) !== undefined) throw invalidArgument("client submitted intent");
    const { destination, currency, nativeAmount } = request.payment;
    const payment = checkPayment({ destination, currency, nativeAmount, ...changes }, request.payment, rates);
    const now = clock.now();
    const { message, record } = intentSubmitted(intentId, payment, now);
    await transaction.putIntent({ state: "submitted", submittedAt: now, payment });
    const webhook = await transaction.getWebhook();
    if (webhook !== undefined) await transaction.putWebhook({ ...webhook, state: "pending" });
    await transaction.addMessage(record);
    return { payment, message, hasWebhook: webhook !== undefined };
  });
  if (hasWebhook) delivery.arm(intentId);
  await hub.deliver(intentId, message);
  return payment;
}
