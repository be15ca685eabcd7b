/** Generates random options that the official packages and ours both accept. */
import { base58 } from "@scure/base";
import fc from "fast-check";
import * as crypto from "#crypto";
import { formatUnits, MAX_UNITS } from "../../src/money/amount.js";
import { codePoints, magnitudes } from "../support/property.js";
import type { AnyOptions } from "./packages.js";

/** Below this many hundredths, the official client's units always equal those of the decimal text. */
const EXACT_UNITS = 100n * 2n ** 45n;

/** Below this many hundredths of a kin, the official client's quarks are always exact. */
const EXACT_KIN_UNITS = 100n * 2n ** 35n;

/** An amount, and its decimal text if it has at most two decimals. */
export interface RandomAmount {
  readonly amount: number;
  readonly text: string | undefined;
}

const accounts = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => base58.encode(bytes));

/** Any key of well-formed Unicode: letters of all scripts, emoji, controls, unassigned code points. */
const idempotencyKeys = fc.oneof(
  fc.string({ unit: codePoints, minLength: 1, maxLength: 40 }),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
  fc.constantFrom("order-1042", "\u0000", "\ufeff", "é", "e\u0301", "\u{1f9fe}", " "),
);

const nonces: fc.Arbitrary<AnyOptions> = fc.oneof(
  idempotencyKeys.map((idempotencyKey) => ({ idempotencyKey })),
  fc.uint8Array({ minLength: 11, maxLength: 11 }).map((nonce) => ({ clientSecret: base58.encode(nonce) })),
  fc.constantFrom("11111111111", "uqM86tVJL9rhqS").map((clientSecret) => ({ clientSecret })),
);

const webhooks: fc.Arbitrary<AnyOptions> = fc.constantFrom(
  {},
  {},
  { webhook: { url: "https://shop.example.com/paid" } },
);

function decimal(units: bigint): RandomAmount {
  const text = formatUnits(units);
  return { amount: Number(text), text: units < EXACT_UNITS ? text : undefined };
}

function rounded(amount: number): RandomAmount {
  return { amount, text: undefined };
}

/** Returns whether an amount is between 0.01 and `max` hundredths when rounded like the official client. */
function isBetween({ amount }: RandomAmount, max: bigint): boolean {
  if (!(amount < 1e15)) return false;
  const units = BigInt((100 * Number(amount.toFixed(2))).toFixed(0));
  return units > 0n && units <= max;
}

/** Amounts of every magnitude, with two decimals or as many as a double has. */
function amountsUpTo(max: bigint): fc.Arbitrary<RandomAmount> {
  const edges = [1n, 2n, 5n, 7n, 29n, 57n, 99n, 100n, 101n, 115n, 500n, 501n, max - 1n, max];
  const noisy = [
    0.1 + 0.2,
    0.7 + 0.1,
    1.1 * 1.1,
    0.005,
    0.015,
    0.045,
    0.125,
    0.625,
    1.005,
    2.675,
    1.115,
    8.345,
  ];
  const units = magnitudes(max);
  return fc
    .oneof(
      { weight: 4, arbitrary: units.map(decimal) },
      { weight: 1, arbitrary: fc.constantFrom(...edges).map(decimal) },
      { weight: 1, arbitrary: fc.constantFrom(...noisy).map(rounded) },
      // Sums and products of prices, with floating-point noise.
      {
        weight: 1,
        arbitrary: fc.tuple(units, units).map(([a, b]) => rounded(Number(a) / 100 + Number(b) / 100)),
      },
      {
        weight: 1,
        arbitrary: fc.tuple(fc.nat(100_000), fc.nat(1000)).map(([a, b]) => rounded((a / 100) * (b / 1000))),
      },
      // Exact ties, and values slightly off a tie.
      {
        weight: 1,
        arbitrary: fc.nat(1_000_000).map((thousandths) => rounded((2 * thousandths + 1) / 1000 + 0.004)),
      },
      { weight: 1, arbitrary: fc.double({ min: 0.005, max: 1e14, noNaN: true }).map(rounded) },
    )
    .filter((amount) => isBetween(amount, max));
}

/** Options of a payment, and its amount as text if the text is equivalent. */
export interface RandomPayment {
  readonly options: AnyOptions;
  readonly text: string | undefined;
  /** Whether to compare the official `sign()` too, which signs once more. */
  readonly resigned: boolean;
}

const resigned = fc.nat(9).map((digit) => digit === 0);

function paymentsOf(currency: string, more: fc.Arbitrary<AnyOptions>): fc.Arbitrary<RandomPayment> {
  const spellings = fc.constantFrom(currency, currency, currency.toUpperCase());
  const amounts = amountsUpTo(currency === "kin" ? EXACT_KIN_UNITS - 1n : MAX_UNITS);
  return fc
    .record({
      amount: amounts,
      currency: spellings,
      destination: accounts,
      nonce: nonces,
      webhook: webhooks,
      resigned,
      more,
    })
    .map(({ amount: { amount, text }, currency, destination, nonce, webhook, resigned, more }) => ({
      options: { mode: "payment", destination, amount, currency, ...nonce, ...webhook, ...more },
      text,
      resigned,
    }));
}

/** Payments in a currency. */
export function payments(currency: string): fc.Arbitrary<RandomPayment> {
  return paymentsOf(currency, fc.constant({}));
}

const shares = fc.oneof(fc.integer({ min: 1, max: 10_000 }), fc.constantFrom(1, 127, 128, 5000, 10_000));
const fees = fc.uniqueArray(fc.record({ destination: accounts, basisPoints: shares }), {
  minLength: 1,
  maxLength: 3,
  selector: ({ destination }) => destination,
});

/** Payments with one to three fees, or with an empty list, which has a different key. */
export const paymentsWithFees: fc.Arbitrary<RandomPayment> = fc
  .constantFrom("usd", "eur", "jpy", "kin")
  .chain((currency) =>
    paymentsOf(
      currency,
      fc.oneof({ weight: 9, arbitrary: fees }, fc.constant([])).map((fees) => ({ fees })),
    ),
  );

const label = fc
  .stringMatching(/^[a-z](?:[a-z0-9-]{0,20}[a-z0-9])?$/)
  .filter((text) => text.slice(2, 4) !== "--");
const domains = fc.oneof(
  fc.tuple(label, fc.constantFrom("com", "org", "io", "shop", "c")).map((labels) => labels.join(".")),
  fc.constantFrom("getcode.com", "xn--bcher-kva.de", "1password.com", `${"a".repeat(63)}.com`),
);

/** Seed of a verifier, and the domain that it signs for. */
export interface RandomLogin {
  readonly seed: Uint8Array;
  readonly domain: string;
  /** Base58. */
  readonly verifier: string;
}

const logins: fc.Arbitrary<RandomLogin> = fc
  .record({ seed: fc.uint8Array({ minLength: 32, maxLength: 32 }), domain: domains })
  .map(({ seed, domain }) => ({
    seed,
    domain,
    verifier: base58.encode(crypto.keyFromSeed(seed.slice()).publicKey),
  }));

/** Options without the login's key, and the login. */
export interface RandomLoginRequest extends RandomPayment {
  readonly login: RandomLogin;
}

/** Logins without a payment. */
export const loginRequests: fc.Arbitrary<RandomLoginRequest> = fc
  .record({ login: logins, nonce: nonces, webhook: webhooks, resigned })
  .map(({ login, nonce, webhook, resigned }) => ({
    login,
    resigned,
    options: { mode: "login", ...nonce, ...webhook },
    text: undefined,
  }));

/** Payments that request a login, some of them with fees. */
export const paymentsWithLogin: fc.Arbitrary<RandomLoginRequest> = fc
  .constantFrom("usd", "eur", "jpy", "kin")
  .chain((currency) =>
    fc.record({
      login: logins,
      payment: paymentsOf(
        currency,
        fc.oneof(
          fc.constant({}),
          fees.map((fees) => ({ fees })),
        ),
      ),
    }),
  )
  .map(({ login, payment }) => ({ login, ...payment }));

// Characters of one to four bytes, so that names end before, at and after the last of 15 bytes, also within a
// character.
const character = fc.constantFrom("a", "Z", "0", "_", ".", "é", "ß", "€", "日", "\u{1f600}", "\ufeff");
const names = fc.oneof(
  { weight: 3, arbitrary: fc.array(character, { minLength: 1, maxLength: 15 }).map((all) => all.join("")) },
  { weight: 1, arbitrary: fc.stringMatching(/^[A-Za-z0-9_]{1,15}$/) },
  { weight: 1, arbitrary: fc.string({ unit: codePoints, minLength: 1, maxLength: 15 }) },
);

/** Options of a tip. */
export const tips: fc.Arbitrary<{ mode: "tip"; platform: { name: "x" | "twitter"; username: string } }> = fc
  .record({ name: fc.constantFrom("x" as const, "twitter" as const), username: names })
  .filter(({ username }) => username.length <= 15)
  .map((platform) => ({ mode: "tip", platform }));

/** The forms in which our package accepts a login's key. */
export const keyForms = ["signers", "secret key", "base58", "numbers", "keypair", "signer"] as const;

/** Our equivalent of the official `login` and `signers`, in one of its forms. */
export function loginIn(
  form: (typeof keyForms)[number],
  { seed, domain, verifier }: RandomLogin,
  official: unknown,
): AnyOptions {
  const key = crypto.keyFromSeed(seed.slice());
  const secretKey = Uint8Array.from([...seed, ...key.publicKey]);
  const verifiers = {
    "secret key": secretKey,
    base58: base58.encode(secretKey),
    numbers: [...secretKey],
    keypair: { publicKey: key.publicKey, secretKey },
    signer: { publicKey: verifier, sign: (message: Uint8Array) => key.sign(message) },
  };
  if (form === "signers") return { login: { domain, verifier }, signers: [official] };
  return { login: { domain, verifier: verifiers[form] } };
}
