import { type RebuiltPayment, rebuildPayment } from "code-intents/browser";
import type { OrderView } from "../server/view.js";
import type { Shown } from "./basket.js";

/**
 * Builds the payment of an order again, and compares it with everything that this browser knows. Amount, currency and client
 * secret are in the intent's id, so that none of them can be changed without the other; the total must be that of the lines,
 * and what the buyer was shown. Destination and fees are in no id: the stream compares them with what is registered.
 *
 * @returns `undefined` while there is nothing to pay
 * @throws whatever does not fit: show no code then
 */
export function checkedPayment(order: OrderView, shown: Shown | undefined): RebuiltPayment | undefined {
  const { intentId, amount, currency, intent } = order;
  if (shown !== undefined && (shown.amount !== amount || shown.currency !== currency))
    throw new Error("the order is not what the buyer was shown");
  if (intent === undefined) return undefined;
  const { clientSecret, destination, fees, kind } = intent;
  return rebuildPayment({
    clientSecret,
    expectedId: intentId,
    destination,
    amount,
    currency,
    fees,
    kind,
  });
}
