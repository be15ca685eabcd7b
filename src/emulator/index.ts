/**
 * A self-hosted Code Sequencer, embedded in a test or a development server, or run as a separate process.
 * Node only.
 *
 * @module
 */

export { type CurrencyLimits, type LimitsTable, SEQUENCER_LIMITS } from "../contract/limits.js";
export type { Activity, CallActivity, PaymentActivity, WebhookActivity } from "../server/activity.js";
export type { SubmittedIntent } from "../server/calls/payments.js";
export type { FetchWellKnown, WellKnownAnswer } from "../server/rules/domain.js";
export type { Payment, RatesTable } from "../server/rules/payment.js";
export type { ResolveHost } from "../server/rules/webhook-url.js";
export { DEFAULT_STATE_LIMITS, type StateLimits } from "../server/store/limits.js";
export { memoryStore } from "../server/store/memory.js";
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
} from "../server/store/store.js";
export type { DeliverWebhook, WebhookRequest } from "../server/webhook/delivery.js";
export { MovableClock } from "./clock.js";
export { Emulator } from "./emulator.js";
export type { EmulatorOptions } from "./options.js";
export { DEFAULT_RATES } from "./rates.js";
export type { Scan, ScannedLogin, ScannedPayment } from "./wallet/request.js";
export type { Scannable } from "./wallet/target.js";
export type { LoggedIn, LoginOptions, PaidIntent, PayOptions, Wallet } from "./wallet/wallet.js";
