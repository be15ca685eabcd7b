/**
 * For the payer's page: rebuilds the payment that a backend registered, to show its scan code. A third of the
 * size of the main entry point in a bundle. `code-intents/browser/watch` tracks the payment.
 *
 * @module
 */
export type { Fee } from "../intents/fees.js";
export type { Currency } from "../money/currency.js";
export type { PaymentKind } from "../rendezvous/payload.js";
export { type RebuildPaymentOptions, type RebuiltPayment, rebuildPayment } from "./payment.js";
