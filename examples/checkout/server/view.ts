import type { Fee, PaymentIntent } from "code-intents";
import type { Confirmation, OrderState } from "./order.js";
import type { PricedLine } from "./prices.js";

/** An order as its buyer's page gets it. The page imports this type, and no code of the server. */
export interface OrderView {
  readonly id: string;
  /** Names the payment, to the buyer and to the shop's support. It is no secret. */
  readonly intentId: string;
  readonly state: OrderState;
  readonly confirmedBy?: Confirmation | undefined;
  readonly lines: readonly PricedLine[];
  readonly amount: string;
  readonly currency: string;
  /** The server's clock, in milliseconds since 1970: the buyer's may be wrong. */
  readonly now: number;
  readonly expiresAt: number;
  /** Where the page listens. */
  readonly sequencerUrl: string;
  /** What builds the intent again; only while the order is to be paid. */
  readonly intent?:
    | {
        readonly clientSecret: string;
        readonly destination: string;
        readonly fees: readonly Fee[];
        readonly kind: PaymentIntent["kind"];
      }
    | undefined;
}
