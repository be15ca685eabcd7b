import type { Fee, PaymentIntent } from "code-intents";
import type { Confirmation, OrderState } from "./order.js";
import type { PricedLine } from "./prices.js";

/** An order as the buyer's page receives it. The page imports this type, but no server code. */
export interface OrderView {
  readonly id: string;
  /** Identifies the payment for the buyer and for support. It is not a secret. */
  readonly intentId: string;
  readonly state: OrderState;
  readonly confirmedBy?: Confirmation | undefined;
  readonly lines: readonly PricedLine[];
  readonly amount: string;
  readonly currency: string;
  /** The server's clock, in milliseconds since 1970. The buyer's clock can be wrong. */
  readonly now: number;
  readonly expiresAt: number;
  /** URL of the sequencer for the page. */
  readonly sequencerUrl: string;
  /** Fields that rebuild the intent; present only while the order can be paid. */
  readonly intent?:
    | {
        readonly clientSecret: string;
        readonly destination: string;
        readonly fees: readonly Fee[];
        readonly kind: PaymentIntent["kind"];
      }
    | undefined;
}
