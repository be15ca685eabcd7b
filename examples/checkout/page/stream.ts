// Loaded on demand, once the code is on the screen: it brings the protocol, and whatever that needs.
import type { PaymentEvent } from "code-intents";
import type { RebuiltPayment } from "code-intents/browser";
import { type WatchPaymentOptions, watchPayment } from "code-intents/browser/watch";
import type { News } from "./state.js";

export interface StreamOptions {
  readonly url: string;
  readonly protocol: NonNullable<WatchPaymentOptions["protocol"]>;
  readonly tell: (news: News) => void;
}

/** Listens at a payment. It registers nothing: only the shop's backend may. */
export class PaymentStream {
  readonly #payment: RebuiltPayment;
  readonly #options: WatchPaymentOptions;
  readonly #tell: StreamOptions["tell"];
  readonly #told = new Set<string>();
  #watching: AbortController | undefined;

  constructor(payment: RebuiltPayment, { url, protocol, tell }: StreamOptions) {
    this.#payment = payment;
    this.#tell = tell;
    // Outages are on the screen already, and the watch goes on by itself.
    this.#options = { baseUrl: url, protocol, until: "webhook", logger: { warn() {} } };
  }

  /** Begins, or begins anew: after an outage that is quicker than to wait for a dead connection to be noticed. */
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
        // The sequencer tells a new stream everything again.
        const name = "messageId" in event ? event.messageId : event.type;
        if (news === undefined || this.#told.has(name)) continue;
        this.#told.add(name);
        this.#tell(news);
      }
    } catch {
      // Ended by us; or the sequencer knows no streams, and then the shop's own answer has to do.
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
    // `requested` is our own request; of what is `forged`, nothing is believed.
    default:
      return undefined;
  }
}
