import type { WatchedPayment } from "../events/watched-intent.js";
import { exchangeDataOf } from "../intents/exchange-data.js";
import { checkFees } from "../intents/fees.js";
import { encodeMessage, encodePaymentRequest, REQUEST_FIELDS } from "../intents/message.js";
import { requireBase58 } from "../lib/bytes.js";
import { parseAmount } from "../money/amount.js";
import type { RebuiltPayment } from "./payment.js";

/** Adds the message that a payment's request must equal. */
export function watchedPayment(payment: RebuiltPayment): WatchedPayment {
  const { currency, amount } = payment;
  const destination = requireBase58(payment.destination, "destination", 32, "a token account");
  // Basis points may be text, but the sequencer's request has numbers.
  const fees = checkFees(payment.fees.length === 0 ? undefined : payment.fees, destination);
  const request = encodePaymentRequest({
    destination,
    exchangeData: exchangeDataOf(currency, parseAmount(amount)),
    fees,
    login: undefined,
  });
  const { message } = encodeMessage(REQUEST_FIELDS.requestToReceiveBill, request);
  const { id, payload } = payment;
  return {
    id,
    payload,
    amount,
    currency,
    destination: payment.destination,
    fees,
    login: undefined,
    bytesForVerifier: undefined,
    toBinary: () => message.slice(),
  };
}
