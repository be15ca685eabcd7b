import { randomOf } from "../support/fault-proxy.js";

/** The buyer's behaviour, after the order page shows the scan code. */
export const buyerKinds = [
  "pays",
  "pays twice",
  "orders twice",
  "declines first",
  "only scans",
  "leaves",
] as const;
export type BuyerKind = (typeof buyerKinds)[number];

/** An attack by a stranger who knows the client secret as soon as the merchant has stored the order. */
export const strangerKinds = [
  "registers first and pays",
  "registers first, pays and deletes",
  "registers first and pays later",
  "registers a smaller amount and pays",
  "registers the same and pays",
  "pays early",
  "conflicts later",
  "forges webhooks",
  "deletes messages",
] as const;
export type StrangerKind = (typeof strangerKinds)[number];

/** A place in the merchant's process at which it can be killed. The processing of an order passes all of them. */
export const pointNames = ["stored", "settling", "settled", "paying", "paid", "sending", "sent"] as const;
export type PointName = (typeof pointNames)[number];

/** A delivery of a webhook. `lost` never reaches the merchant; `unanswered` does, but its answer is lost. */
export const deliveryKinds = ["once", "lost", "unanswered", "twice", "delayed"] as const;
export type DeliveryKind = (typeof deliveryKinds)[number];

export interface OrderPlan {
  readonly index: number;
  readonly product: string;
  readonly quantity: number;
  readonly buyer: BuyerKind;
  readonly stranger: StrangerKind | undefined;
  /** Milliseconds between the scan code and the scan, and between scan and payment. */
  readonly pausesMs: readonly [number, number];
  /** The deliveries of the webhook, in turn. Later ones repeat the last. */
  readonly deliveries: readonly DeliveryKind[];
  /** Whether the webhook registered for the order never arrives. */
  readonly losesWebhook: boolean;
}

export interface KillPlan {
  /** The merchant is killed when this order passes the point, or later. */
  readonly order: number;
  readonly point: PointName;
  /** Milliseconds that the merchant runs on after the point; 0 stops it exactly there. */
  readonly lateByMs: number;
}

export interface Plan {
  readonly seed: number;
  readonly orders: readonly OrderPlan[];
  readonly kills: readonly KillPlan[];
}

const products = ["sidamo", "huila", "night-shift", "papers"] as const;

/**
 * Draws all choices of a run from its seed.
 *
 * @throws RangeError if there are more kills than orders
 */
export function planOf(seed: number, orderCount: number, killCount: number): Plan {
  if (killCount > orderCount) throw new RangeError("kills: must be at most the number of orders");
  const orders = Array.from({ length: orderCount }, (_, index) => orderOf(seed, index));
  const random = drawing(seed, -1);
  // A kill for every stretch of orders, so that the kills are spread over the run.
  const kills = Array.from({ length: killCount }, (_, index): KillPlan => {
    const first = Math.floor((index * orderCount) / killCount);
    const end = Math.floor(((index + 1) * orderCount) / killCount);
    return {
      order: first + random.below(end - first),
      point: random.of(pointNames),
      lateByMs: random.below(10) < 4 ? 0 : random.below(60),
    };
  });
  return { seed, orders, kills };
}

/** Returns the plan with other kills: the merchant is about to send an order that its buyer simply pays. */
export function withKilledSales(plan: Plan, killCount: number): Plan {
  const sales = plan.orders.filter(({ buyer, stranger }) => buyer === "pays" && stranger === undefined);
  const kills = sales
    .slice(0, killCount)
    .map(({ index }): KillPlan => ({ order: index, point: "sending", lateByMs: 0 }));
  return { ...plan, kills };
}

function orderOf(seed: number, index: number): OrderPlan {
  const random = drawing(seed, index);
  const stranger = random.below(100) < 30 ? random.of(strangerKinds) : undefined;
  const buyer = random.below(100) < 50 ? "pays" : random.of(buyerKinds);
  return {
    index,
    product: random.of(products),
    quantity: 1 + random.below(4),
    buyer,
    stranger,
    pausesMs: [random.below(40), random.below(80)],
    deliveries: Array.from({ length: 8 }, () => random.of(deliveryKinds)),
    losesWebhook: random.below(100) < 20,
  };
}

export interface Drawing {
  /** Returns an integer from 0 to `end` - 1. */
  below(end: number): number;
  of<T>(choices: readonly T[]): T;
}

/** Draws that depend only on the seed and the index. */
export function drawing(seed: number, index: number): Drawing {
  const next = randomOf(Math.imul(index + 2, 0x9e3779b1) ^ seed);
  const below = (end: number) => Math.floor(next() * end);
  return { below, of: <T>(choices: readonly T[]) => choices[below(choices.length)] as T };
}
