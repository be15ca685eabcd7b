/**
 * A Code Sequencer of one's own, embedded in a test, a development server or a process of its own. Node only.
 *
 * @module
 */

export type { SubmittedIntent } from "./calls/payments.js";
export { MovableClock } from "./clock.js";
export { Emulator } from "./emulator.js";
export { type CurrencyLimits, type LimitsTable, SEQUENCER_LIMITS } from "./limits.js";
export type { EmulatorOptions } from "./options.js";
export { DEFAULT_RATES, type RatesTable } from "./rates.js";
export type { FetchWellKnown, WellKnownAnswer } from "./rules/domain.js";
export type { Payment } from "./rules/payment.js";
export type { ResolveHost } from "./rules/webhook-url.js";
export { memoryStore } from "./store/memory.js";
export type {
  IntentRecord,
  KeyState,
  MessageRecord,
  RequestedDomain,
  RequestedPayment,
  RequestRecord,
  Store,
  StoreTransaction,
  SubmittedPayment,
  WebhookAttempt,
  WebhookRecord,
} from "./store/store.js";
export type { Scan, ScannedLogin, ScannedPayment } from "./wallet/request.js";
export type { Scannable } from "./wallet/target.js";
export type { LoggedIn, LoginOptions, PaidIntent, PayOptions, Wallet } from "./wallet/wallet.js";
export type { DeliverWebhook, WebhookRequest } from "./webhook/delivery.js";
