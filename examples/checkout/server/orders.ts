import { type CodeClient, CodeIntentsError, type Fee, PaymentIntent } from "code-intents";
import { type Order, type OrderBook, type Settlement, stateOf } from "./order.js";
import { type Cart, CURRENCY, priceCart } from "./prices.js";
import type { OrderView } from "./view.js";

/** The order key was already used with another cart. */
export class OrderKeyError extends Error {}

/** Options for {@link OrderDesk}. */
export interface DeskOptions {
  readonly book: OrderBook;
  readonly code: CodeClient;
  /** Kin token account of the shop, base58. */
  readonly destination: string;
  readonly fees: readonly Fee[];
  /** URL to which the sequencer reports a payment. */
  readonly webhookUrl: string;
  /** URL of the sequencer for browsers. */
  readonly browserSequencerUrl: string;
  /** Milliseconds that a buyer has to pay. */
  readonly payWithinMs: number;
}

/** Places orders and registers their intents. */
export class OrderDesk {
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /**
   * Prices a cart, builds its intent, stores the order, and then registers the intent. After any failure, the
   * stored order can be registered again.
   *
   * @throws CartError, OrderKeyError
   * @throws CodeIntentsError if the sequencer is unreachable or refuses the intent
   */
  async place({ orderKey, lines }: Cart): Promise<Order> {
    const { book } = this.#options;
    let order = await book.byKey(orderKey);
    if (order === undefined) order = await this.#store(orderKey, lines);
    if (!isSameCart(order.lines, lines)) throw new OrderKeyError();
    if (order.registeredAt !== undefined || order.refusedAt !== undefined || order.unprovenAt !== undefined)
      return order;
    await this.register(order);
    return (await book.byId(order.id)) ?? order;
  }

  /**
   * Registers the intent of an order with the sequencer. Safe to repeat: it is still one intent. Only after
   * `registered` does a status of the intent apply to the order.
   */
  async register(order: Order): Promise<Exclude<Settlement, "refused">> {
    const { book, code } = this.#options;
    try {
      await code.paymentIntents.create(intentOf(order));
    } catch (error) {
      const outcome = settlementOf(error);
      if (outcome === undefined) throw error;
      // A concurrent call registered the request before it was paid, so its status applies to the order.
      if (
        outcome === "unproven" &&
        order.registeredAt === undefined &&
        (await book.byIntent(order.intentId))?.registeredAt !== undefined
      )
        return "registered";
      await book.settle(order.intentId, outcome, Date.now());
      if (outcome === "refused") throw error;
      return outcome;
    }
    await book.settle(order.intentId, "registered", Date.now());
    return "registered";
  }

  /** Returns the order as the buyer's page receives it. */
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
      // The page must not show an intent before it is registered, and need not after it is paid.
      intent: state === "open" || state === "expired" ? { clientSecret, destination, fees, kind } : undefined,
    };
  }

  async #store(orderKey: string, lines: Cart["lines"]): Promise<Order> {
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

/** Rebuilds the intent of a stored order, byte for byte. */
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

/** Returns the final outcome of a failed `create`, or `undefined` if it must be retried. */
function settlementOf(error: unknown): Settlement | undefined {
  if (!(error instanceof CodeIntentsError)) return undefined;
  switch (error.code) {
    // Paid before the shop registered its request, so possibly another party's request: no proof of payment.
    case "already_submitted":
      return "unproven";
    // The intent is registered, but its webhook is not: the status replaces the webhook.
    case "webhook_refused":
      return "registered";
    // A rule is violated, or another request holds this key: never show the code.
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

/** Returns 128 random bits, so that an order id cannot be guessed. */
function randomId(): string {
  return Buffer.from(globalThis.crypto.getRandomValues(new Uint8Array(16))).toString("base64url");
}
