/** Orders close to a given one: what it becomes after common mistakes. */
import { formatUnits, MAX_UNITS, parseAmount } from "../../money/amount.js";
import { CURRENCIES, type Currency } from "../../money/currency.js";
import type { PaymentKind } from "../../rendezvous/payload.js";

/** The parts of a payment's payload other than the nonce. */
export interface PaymentTerms {
  readonly kind: PaymentKind;
  readonly currency: Currency;
  /** Hundredths of the currency. */
  readonly units: bigint;
}

/** Other terms, and the mistake that leads to them. */
export interface Candidate {
  readonly terms: PaymentTerms | "login";
  /** Completes "the claimed id is that of this order". */
  readonly how: string;
}

/** The terms in the claim, if it has them. */
export interface ClaimedTerms {
  readonly currency?: Currency | undefined;
  readonly units?: bigint | undefined;
}

/** Yields the candidates, the likelier mistakes first. */
export function* candidatesFor(
  order: PaymentTerms,
  amount: string | number,
  claimed: ClaimedTerms,
): Generator<Candidate> {
  for (const { currency, units, how } of moneyCandidates(order, amount, claimed)) {
    if (units <= 0n || units > MAX_UNITS) continue;
    for (const kind of [order.kind, otherKind(order.kind)]) {
      const also = kind === order.kind ? "" : kindText(kind);
      const parts = [how, also].filter((part) => part !== "");
      if (parts.length > 0) yield { terms: { kind, currency, units }, how: parts.join(", and ") };
    }
  }
  yield { terms: "login", how: "as a login, which has no amount" };
}

interface Money {
  readonly currency: Currency;
  readonly units: bigint;
  readonly how: string;
}

function* moneyCandidates(
  { currency, units }: PaymentTerms,
  amount: string | number,
  claimed: ClaimedTerms,
): Generator<Money> {
  yield { currency, units, how: "" };
  if (claimed.units !== undefined || claimed.currency !== undefined) {
    const terms = { currency: claimed.currency ?? currency, units: claimed.units ?? units };
    yield { ...terms, how: `with the claimed ${formatUnits(terms.units)} ${terms.currency}` };
  }
  for (const { units: other, by } of roundings(Number(amount))) {
    if (other !== units) yield { currency, units: other, how: `with ${formatUnits(other)}, as ${by}` };
  }
  for (const [other, how] of [
    [units - 1n, "one hundredth less"],
    [units + 1n, "one hundredth more"],
    [units * 100n, "100 times the amount, as if hundredths were the main unit"],
    [units / 100n, "1/100 of the amount, as if the main unit were hundredths"],
  ] as const) {
    yield { currency, units: other, how: `with ${formatUnits(other < 0n ? 0n : other)}: ${how}` };
  }
  for (const other of CURRENCIES) {
    if (other !== currency) yield { currency: other, units, how: `in ${other}` };
  }
}

/** Returns the hundredths that other clients compute for an amount. They all use doubles. */
function roundings(amount: number): { readonly units: bigint; readonly by: string }[] {
  if (!Number.isFinite(amount) || amount <= 0 || amount >= 1e13) return [];
  const rounded = Math.round(100 * amount) / 100;
  const decimal = (): bigint => parseAmount(String(amount), { rounding: "nearest" }).units;
  return [
    { units: BigInt(Math.trunc(100 * rounded)), by: "the official Go client truncates it" },
    {
      units: BigInt((100 * Number(amount.toFixed(2))).toFixed(0)),
      by: "the official TypeScript client rounds it",
    },
    { units: halfToEven(amount), by: "the official Python client rounds it" },
    { units: attempt(decimal) ?? 0n, by: "the official PHP client rounds it" },
    { units: BigInt(Math.trunc(100 * amount)), by: "truncated without rounding first" },
  ];
}

/** Returns the nearest hundredth of the exact binary value; a tie goes to the even one. */
function halfToEven(amount: number): bigint {
  const nearest = BigInt((100 * Number(amount.toFixed(2))).toFixed(0));
  // A tie is an odd multiple of 1/200 that is also a multiple of 1/8: no other tie is a double.
  const isTie = Number.isInteger(amount * 8) && Math.abs(amount * 200) % 2 === 1;
  return isTie && nearest % 2n === 1n ? nearest - 1n : nearest;
}

function attempt(read: () => bigint): bigint | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function otherKind(kind: PaymentKind): PaymentKind {
  return kind === "payment" ? "payment-with-fees" : "payment";
}

function kindText(kind: PaymentKind): string {
  return kind === "payment" ? "without fees" : "with fees (the official client treats an empty list as fees)";
}
