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
  /** When the shop learned of the payment. */
  readonly paidAt?: number | undefined;
  /** The source: the webhook is signed; the status is unsigned, trusted only as far as the connection. */
  readonly confirmedBy?: Confirmation | undefined;
}

export type NewOrder = Omit<Order, "registeredAt" | "refusedAt" | "paidAt" | "confirmedBy">;

export type Confirmation = "webhook" | "status";

/** `new` is stored, but not known to be registered. A payment after the expiry is accepted: `paid-late`. */
export type OrderState = "new" | "open" | "expired" | "paid" | "paid-late" | "refused";

export function stateOf(order: Order, now: number): OrderState {
  if (order.paidAt !== undefined) return isLate(order, order.paidAt) ? "paid-late" : "paid";
  if (order.refusedAt !== undefined) return "refused";
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
  /** Returns orders created since then that are neither paid nor refused. */
  unpaid(since: number): Promise<Order[]>;
  /** Records the outcome of the registration. */
  settle(intentId: string, outcome: "registered" | "refused", at: number): Promise<void>;
  /** Marks an order as paid and adds its task to the outbox, once, in one transaction. */
  fulfil(intentId: string, by: Confirmation, at: number): Promise<OnceOutcome>;
}
