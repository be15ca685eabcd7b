import type { Fee, PaymentIntent } from "code-intents";
import type { OnceOutcome } from "code-intents/webhook";
import type { PricedLine } from "./prices.js";

/** An order as it is kept: everything that builds its intent again after a crash, and what became of it. */
export interface Order {
  /** Unguessable: whoever knows it may see the order and pay it. Never logged. */
  readonly id: string;
  readonly orderKey: string;
  readonly lines: readonly PricedLine[];

  readonly intentId: string;
  /** Gives the intent's private key, together with the amount. Never logged. */
  readonly clientSecret: string;
  readonly amount: string;
  readonly currency: PaymentIntent["currency"];
  readonly destination: string;
  readonly fees: readonly Fee[];
  readonly kind: PaymentIntent["kind"];
  readonly webhookUrl: string;

  /** These and the rest in milliseconds since 1970. */
  readonly createdAt: number;
  /** From then on the page shows no code any more. The intent stays payable: the protocol cannot withdraw it. */
  readonly expiresAt: number;
  /** When the sequencer said that it keeps the request. */
  readonly registeredAt?: number | undefined;
  /** When the sequencer refused it for good. */
  readonly refusedAt?: number | undefined;
  /** When we heard of the payment. */
  readonly paidAt?: number | undefined;
  /** How: the webhook is signed, the status is worth what the connection is worth. */
  readonly confirmedBy?: Confirmation | undefined;
}

export type NewOrder = Omit<Order, "registeredAt" | "refusedAt" | "paidAt" | "confirmedBy">;

export type Confirmation = "webhook" | "status";

/** `new` is kept, but not yet known to be registered. A payment after the expiry counts: `paid-late`. */
export type OrderState = "new" | "open" | "expired" | "paid" | "paid-late" | "refused";

export function stateOf(order: Order, now: number): OrderState {
  if (order.paidAt !== undefined) return isLate(order, order.paidAt) ? "paid-late" : "paid";
  if (order.refusedAt !== undefined) return "refused";
  if (order.registeredAt === undefined) return "new";
  return now < order.expiresAt ? "open" : "expired";
}

/** Whether a payment that was heard of at `paidAt` came after the time that the buyer was given. */
export function isLate(order: Pick<Order, "expiresAt">, paidAt: number): boolean {
  return paidAt >= order.expiresAt;
}

/**
 * Where orders are kept. `store-sqlite.ts` keeps them in one file; for Postgres, write these seven methods again: the
 * statements stay as they are, but for the placeholders.
 */
export interface OrderBook {
  /** Keeps an order, unless one has its `orderKey`, and returns the one that is kept. */
  add(order: NewOrder): Promise<Order>;
  byId(id: string): Promise<Order | undefined>;
  byIntent(intentId: string): Promise<Order | undefined>;
  byKey(orderKey: string): Promise<Order | undefined>;
  /** Orders made since then that are neither paid nor refused. */
  unpaid(since: number): Promise<Order[]>;
  /** What the sequencer said to the registration. */
  settle(intentId: string, outcome: "registered" | "refused", at: number): Promise<void>;
  /** Marks an order as paid and puts its fulfilment into the outbox, once, in one transaction. */
  fulfil(intentId: string, by: Confirmation, at: number): Promise<OnceOutcome>;
}
