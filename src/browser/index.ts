/**
 * For a payer's page: rebuilds the payment that a backend registered, to show its scan code; a third of what the whole package
 * costs a bundle. `code-intents/browser/watch` hears what becomes of it.
 *
 * @module
 */
export type { Fee } from "../intents/fees.js";
export type { Currency } from "../money/currency.js";
export type { PaymentKind } from "../rendezvous/payload.js";
export { type RebuildPaymentOptions, type RebuiltPayment, rebuildPayment } from "./payment.js";
