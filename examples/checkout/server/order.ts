import type { Fee, PaymentIntent } from "code-intents";
import type { OnceOutcome } from "code-intents/webhook";
import type { PricedLine } from "./prices.js";

/** A stored order: all fields that rebuild its intent after a crash, and its outcome. */
export interface Order {
  /** Unguessable: anyone who knows it can see the order and pay it. Never logged. */
  readonly id: string;
  readonly orderKey: string;
  readonly lines: readonly PricedLine[];

  readonly intentId: string;
  /** Together with the amount, it yields the intent's private key. Never logged. */
  readonly clientSecret: string;
  readonly amount: string;
  readonly currency: PaymentIntent["currency"];
  readonly destination: string;
  readonly fees: readonly Fee[];
  readonly kind: PaymentIntent["kind"];
  readonly webhookUrl: string;

  /** Milliseconds since 1970, like all times below. */
  readonly createdAt: number;
  /** From this time on, the page shows no code. The intent stays payable: the protocol cannot withdraw it. */
  readonly expiresAt: number;
  /** When the sequencer confirmed that it stores the request. */
  readonly registeredAt?: number | undefined;
  /** When the sequencer finally refused the request. */
  readonly refusedAt?: number | undefined;
  /**
   * When `create` reported that the intent was submitted before the shop registered it. The request that was paid can be
   * another party's, so no status counts for this order: only the verified webhook fulfils it, or a person decides.
   */
  readonly unprovenAt?: number | undefined;
  /** When the shop learned of the payment. */
  readonly paidAt?: number | undefined;
  /** The source: the webhook is signed; the status is unsigned, trusted only as far as the connection. */
  readonly confirmedBy?: Confirmation | undefined;
}

export type NewOrder = Omit<Order, "registeredAt" | "refusedAt" | "unprovenAt" | "paidAt" | "confirmedBy">;

export type Confirmation = "webhook" | "status";

/** The outcome of a registration. */
export type Settlement = "registered" | "refused" | "unproven";

/**
 * `new` is stored, but not known to be registered. A payment after the expiry is accepted: `paid-late`. `unproven` waits
 * for its webhook or for a person.
 */
export type OrderState = "new" | "open" | "expired" | "paid" | "paid-late" | "refused" | "unproven";

export function stateOf(order: Order, now: number): OrderState {
  if (order.paidAt !== undefined) return isLate(order, order.paidAt) ? "paid-late" : "paid";
  if (order.refusedAt !== undefined) return "refused";
  if (order.unprovenAt !== undefined) return "unproven";
  if (order.registeredAt === undefined) return "new";
  return now < order.expiresAt ? "open" : "expired";
}

/** Reports whether `paidAt` is after the deadline of the order. */
export function isLate(order: Pick<Order, "expiresAt">, paidAt: number): boolean {
  return paidAt >= order.expiresAt;
}

/**
 * The order store. `store-sqlite.ts` keeps orders in one file. For Postgres, implement these seven methods
 * again: only the placeholders of the statements change.
 */
export interface OrderBook {
  /** Stores an order unless its `orderKey` exists, and returns the stored order. */
  add(order: NewOrder): Promise<Order>;
  byId(id: string): Promise<Order | undefined>;
  byIntent(intentId: string): Promise<Order | undefined>;
  byKey(orderKey: string): Promise<Order | undefined>;
  /** Returns orders created since then that are neither paid, refused nor unproven. */
  unpaid(since: number): Promise<Order[]>;
  /** Records the outcome of the registration. `unproven` adds a task for a person to the outbox, once. */
  settle(intentId: string, outcome: Settlement, at: number): Promise<void>;
  /** Marks an order as paid and adds its task to the outbox, once, in one transaction. */
  fulfil(intentId: string, by: Confirmation, at: number): Promise<OnceOutcome>;
}
