import { type CodeClient, CodeIntentsError, type Fee, PaymentIntent } from "code-intents";
import { type Order, type OrderBook, stateOf } from "./order.js";
import { type Cart, CURRENCY, priceCart } from "./prices.js";
import type { OrderView } from "./view.js";

/** The same order key came with another cart. */
export class OrderKeyError extends Error {}

/** What the desk needs to know of the shop. */
export interface DeskOptions {
  readonly book: OrderBook;
  readonly code: CodeClient;
  /** Kin token account of the shop, base58. */
  readonly destination: string;
  readonly fees: readonly Fee[];
  /** Where the sequencer reports a payment. */
  readonly webhookUrl: string;
  /** Where browsers reach the sequencer. */
  readonly browserSequencerUrl: string;
  /** Milliseconds that a buyer is given to pay. */
  readonly payWithinMs: number;
}

/** Takes orders. */
export class OrderDesk {
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /**
   * Prices a cart, builds its intent, keeps the order, and only then tells the sequencer: whatever fails on the way, the order
   * can be found and registered again.
   *
   * @throws CartError, OrderKeyError; CodeIntentsError where the sequencer could not be asked, or refused
   */
  async place({ orderKey, lines }: Cart): Promise<Order> {
    const { book } = this.#options;
    let order = await book.byKey(orderKey);
    if (order === undefined) order = await this.#keep(orderKey, lines);
    if (!isSameCart(order.lines, lines)) throw new OrderKeyError();
    if (order.registeredAt !== undefined || order.refusedAt !== undefined) return order;
    await this.register(order);
    return (await book.byId(order.id)) ?? order;
  }

  /** Creates the intent of an order at the sequencer. Repeated, it is still one intent. */
  async register(order: Order): Promise<void> {
    const { book, code } = this.#options;
    try {
      await code.paymentIntents.create(intentOf(order));
    } catch (error) {
      const outcome = settlementOf(error);
      if (outcome === undefined) throw error;
      await book.settle(order.intentId, outcome, Date.now());
      if (outcome === "refused") throw error;
      return;
    }
    await book.settle(order.intentId, "registered", Date.now());
  }

  /** What the buyer's page is told. */
  view(order: Order): OrderView {
    const now = Date.now();
    const state = stateOf(order, now);
    const { id, lines, amount, currency, intentId, clientSecret, destination, fees, kind } = order;
    return {
      id,
      intentId,
      state,
      confirmedBy: order.confirmedBy,
      lines,
      amount,
      currency,
      now,
      expiresAt: order.expiresAt,
      sequencerUrl: this.#options.browserSequencerUrl,
      // Until the intent is registered nobody may show it; once it is paid nobody needs to.
      intent: state === "open" || state === "expired" ? { clientSecret, destination, fees, kind } : undefined,
    };
  }

  async #keep(orderKey: string, lines: Cart["lines"]): Promise<Order> {
    const { book, code, destination, fees, webhookUrl, payWithinMs } = this.#options;
    const priced = priceCart(lines);
    const id = randomId();
    const intent = code.paymentIntents.build({
      destination,
      amount: priced.amount,
      currency: CURRENCY,
      idempotencyKey: id,
      webhook: { url: webhookUrl },
      ...(fees.length === 0 ? {} : { fees }),
    });
    const createdAt = Date.now();
    return book.add({
      id,
      orderKey,
      lines: priced.lines,
      intentId: intent.id,
      clientSecret: intent.clientSecret,
      amount: intent.amount,
      currency: intent.currency,
      destination: intent.destination,
      fees: intent.fees,
      kind: intent.kind,
      webhookUrl,
      createdAt,
      expiresAt: createdAt + payWithinMs,
    });
  }
}

/** The intent of a kept order, byte for byte the one that was built first. */
function intentOf(order: Order): PaymentIntent {
  const { clientSecret, intentId, destination, amount, currency, fees, kind, webhookUrl } = order;
  return PaymentIntent.fromClientSecret({
    clientSecret,
    expectedId: intentId,
    destination,
    amount,
    currency,
    fees,
    kind,
    webhook: { url: webhookUrl },
  });
}

/** What a failed `create` says for good; `undefined` where it has to be tried again. */
function settlementOf(error: unknown): "registered" | "refused" | undefined {
  if (!(error instanceof CodeIntentsError)) return undefined;
  switch (error.code) {
    // Paid while we were away; the status and the webhook tell the rest.
    case "already_submitted":
    // The intent is registered, its webhook is not; the status stands in for it.
    case "webhook_refused":
      return "registered";
    // A rule is violated, or somebody else holds this key: the code must never be shown.
    case "request_refused":
    case "intent_conflict":
      return "refused";
    default:
      return undefined;
  }
}

function isSameCart(kept: Order["lines"], lines: Cart["lines"]): boolean {
  const text = (cart: Cart["lines"]) =>
    JSON.stringify(cart.map((line) => [line.product, line.quantity]).sort());
  return text(kept) === text(lines);
}

/** 128 random bits: who does not have the id finds no order. */
function randomId(): string {
  return Buffer.from(globalThis.crypto.getRandomValues(new Uint8Array(16))).toString("base64url");
}
