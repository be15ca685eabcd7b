import { type RebuiltPayment, rebuildPayment } from "code-intents/browser";
import type { OrderView } from "../server/view.js";
import type { Shown } from "./basket.js";

/**
 * Rebuilds the payment of an order, and compares the order with the total that the buyer saw. The intent id
 * covers amount, currency and client secret, so a change of any of them changes the id. It does not cover
 * destination and fees: the stream compares those with the registered request.
 *
 * @returns `undefined` while there is nothing to pay
 * @throws Error for a mismatch: do not show a code
 */
export function checkedPayment(order: OrderView, shown: Shown | undefined): RebuiltPayment | undefined {
  const { intentId, amount, currency, intent } = order;
  if (shown !== undefined && (shown.amount !== amount || shown.currency !== currency))
    throw new Error("the order differs from the total that the buyer saw");
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
