// Loaded on demand, once the code is on the screen. This module pulls in the protocol code.
import type { PaymentEvent } from "code-intents";
import type { RebuiltPayment } from "code-intents/browser";
import { type WatchPaymentOptions, watchPayment } from "code-intents/browser/watch";
import type { News } from "./state.js";

export interface StreamOptions {
  readonly url: string;
  readonly protocol: NonNullable<WatchPaymentOptions["protocol"]>;
  readonly publish: (news: News) => void;
}

/** Tracks a payment. It registers nothing: only the shop's backend can. */
export class PaymentStream {
  readonly #payment: RebuiltPayment;
  readonly #options: WatchPaymentOptions;
  readonly #publish: StreamOptions["publish"];
  readonly #published = new Set<string>();
  #watching: AbortController | undefined;

  constructor(payment: RebuiltPayment, { url, protocol, publish }: StreamOptions) {
    this.#payment = payment;
    this.#publish = publish;
    // The page already shows outages, and the watch reconnects automatically.
    this.#options = { baseUrl: url, protocol, until: "webhook", logger: { warn() {} } };
  }

  /** Starts or restarts. After an outage, a restart is faster than detecting the dead connection. */
  start(): void {
    this.#watching?.abort();
    this.#watching = new AbortController();
    void this.#watch(this.#watching.signal);
  }

  stop(): void {
    this.#watching?.abort();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    try {
      for await (const event of watchPayment(this.#payment, { ...this.#options, signal })) {
        const news = newsOf(event);
        // The sequencer repeats all messages on a new stream.
        const name = "messageId" in event ? event.messageId : event.type;
        if (news === undefined || this.#published.has(name)) continue;
        this.#published.add(name);
        this.#publish(news);
      }
    } catch {
      // Stopped by us, or the sequencer offers no streams. The page then relies on the shop's responses.
    }
  }
}

function newsOf(event: PaymentEvent): News | undefined {
  switch (event.type) {
    case "scanned":
      return "scanned";
    case "rejected":
      return "declined";
    case "submitted":
      return "paid";
    case "webhookCalled":
      return "webhook";
    case "conflicting":
      return "conflict";
    // `requested` is our own request. `forged` is ignored.
    default:
      return undefined;
  }
}
