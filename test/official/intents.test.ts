import fc from "fast-check";
import { describe, it } from "vitest";
import { runs } from "../support/property.js";
import { payments, paymentsWithFees } from "./inputs.js";
import type { AnyOptions } from "./packages.js";
import { expectSamePayment } from "./parts.js";

/** Our package states by `kind` what the official client states by an empty list of fees. */
function withoutEmptyFees({ fees, ...options }: AnyOptions): AnyOptions {
  if (Array.isArray(fees) && fees.length > 0) return { ...options, fees };
  return { ...options, kind: "payment-with-fees" };
}

// The official packages sign slowly: for seconds here, and longer on a busy machine.
describe("random intents with the same bytes as the official ones:", {
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
