import { setTimeout as pause } from "node:timers/promises";
import type { Emulator } from "../../src/emulator/index.js";
import { PaymentIntent } from "../../src/index.js";
import type { OrderPlan } from "./plan.js";

/** The market as a buyer sees it. */
export interface Market {
  readonly emulator: Emulator;
  /** Address of the shop. */
  readonly shopUrl: () => string;
  /** Whether the run has ended early. */
  readonly isOver: () => boolean;
  readonly note: (index: number, line: string) => void;
}

/** The fields of the shop's answer that a buyer's page uses. */
interface OrderAnswer {
  readonly id: string;
  readonly intentId: string;
  readonly state: string;
  readonly amount: string;
  readonly currency: "usd";
  readonly intent?: {
    readonly clientSecret: string;
    readonly destination: string;
    readonly fees: readonly { readonly destination: string; readonly basisPoints: number }[];
    readonly kind: "payment";
  };
}

// The shop is down for a second after each kill, and answers 503 while its network fails.
const MOST_TRIES = 1_000;

/** Returns the key of an order, the same for each repetition of the request. */
export function orderKeyOf(index: number): string {
  return `order-of-the-model-${index}`;
}

/** Plays a buyer from the order to the payment. Returns why the order could not be placed, if so. */
export async function buy(plan: OrderPlan, market: Market): Promise<string | undefined> {
  const { emulator, note } = market;
  const { index, buyer, pausesMs } = plan;
  const answers = await Promise.all(
    Array.from({ length: buyer === "orders twice" ? 2 : 1 }, () => place(plan, market)),
  );
  const [answer] = answers;
  if (typeof answer === "string") return answer;
  if (answer?.intent === undefined) {
    note(index, `the buyer sees no scan code: ${answer?.state ?? "refused"}`);
    return undefined;
  }
  const { intentId: expectedId, amount, currency, intent: details } = answer;
  const intent = PaymentIntent.fromClientSecret({ ...details, amount, currency, expectedId });
  const act = async (name: string, work: () => Promise<unknown>) => {
    const failure = await work().then(
      () => undefined,
      (error: Error) => error.message,
    );
    note(index, `the buyer ${name}${failure === undefined ? "" : `: fails with ${failure}`}`);
  };
  if (buyer === "leaves") return undefined;
  await pause(pausesMs[0]);
  await act("scans", () => emulator.wallet.scan(intent));
  await pause(pausesMs[1]);
  if (buyer === "only scans") return undefined;
  if (buyer === "declines first") await act("declines", () => emulator.wallet.reject(intent));
  const pay = () => act("pays", () => emulator.wallet.pay(intent));
  await Promise.all(buyer === "pays twice" ? [pay(), pay()] : [pay()]);
  return undefined;
}

/**
 * Places the order, and repeats the request until the shop answers for good. Returns the answer, `undefined` if
 * the shop refuses the order, or the reason for giving up.
 */
async function place(
  plan: OrderPlan,
  { shopUrl, isOver, note }: Market,
): Promise<OrderAnswer | string | undefined> {
  const { index, product, quantity } = plan;
  const body = JSON.stringify({ orderKey: orderKeyOf(index), lines: [{ product, quantity }] });
  let last = "";
  for (let tries = 0; tries < MOST_TRIES && !isOver(); tries++) {
    try {
      const headers = { "content-type": "application/json" };
      const response = await fetch(`${shopUrl()}/api/orders`, { method: "POST", headers, body });
      const text = await response.text();
      if (response.status === 200) return JSON.parse(text);
      last = `${response.status} ${text}`;
      if (response.status < 500) return `order ${index} is rejected: ${last}`;
      if (response.status === 502) {
        note(index, `the shop refuses the order: ${text}`);
        return undefined;
      }
    } catch (error) {
      // The shop was killed, or is not up again.
      last = String((error as Error).cause ?? error);
    }
    await pause(50);
  }
  return `order ${index} cannot be placed: ${last}`;
}
