import fc from "fast-check";
import { describe, it } from "vitest";
import { runs } from "../support/property.js";
import { payments, paymentsWithFees } from "./inputs.js";
import type { AnyOptions } from "./packages.js";
import { expectSamePayment } from "./parts.js";

/** Ours says by its kind what the official client says by an empty list of fees. */
function withoutEmptyFees({ fees, ...options }: AnyOptions): AnyOptions {
  if (Array.isArray(fees) && fees.length > 0) return { ...options, fees };
  return { ...options, kind: "payment-with-fees" };
}

// The official side signs slowly: seconds here, and longer on a machine that is busy.
describe("random intents, each equal to the official one in every byte:", {
  timeout: 180_000,
}, () => {
  it.each(["usd", "eur", "jpy", "kin"])("payments in %s", async (currency) => {
    await fc.assert(
      fc.asyncProperty(payments(currency), (payment) => expectSamePayment(payment)),
      runs(1000),
    );
  });

  it("payments with fees", async () => {
    await fc.assert(
      fc.asyncProperty(paymentsWithFees, (payment) => expectSamePayment(payment, withoutEmptyFees)),
      runs(1000),
    );
  });
});
