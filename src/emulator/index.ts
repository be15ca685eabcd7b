/**
 * A Code Sequencer of one's own, embedded in a test, a development server or a process of its own. Node only.
 *
 * @module
 */

export { Emulator } from "./emulator.js";
export { type CurrencyLimits, type LimitsTable, SEQUENCER_LIMITS } from "./limits.js";
export { memoryStore } from "./memory-store.js";
export type { EmulatorOptions } from "./options.js";
export type { FetchWellKnown, WellKnownAnswer } from "./rules/domain.js";
export type { ResolveHost } from "./rules/webhook-url.js";
export type {
  IntentRecord,
  MessageRecord,
  RequestedDomain,
  RequestedPayment,
  RequestRecord,
  Store,
  StoreTransaction,
  WebhookRecord,
} from "./store.js";
