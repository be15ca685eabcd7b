import { expect, test } from "vitest";
import { failureOf } from "../../src/cli/failure/report.js";
import {
  CodeClient,
  PaymentIntent,
  RegistrationUnknownError,
  SequencerError,
  TransportError,
  WaitError,
  wellKnownFile,
} from "../../src/index.js";
import { encodePayload } from "../../src/rendezvous/payload.js";
import { signTestWebhook, verifyWebhook } from "../../src/webhook/index.js";
import { destination, feeAccount, verifierPublicKey, verifierSeed } from "./orders.js";

const unreachable = new TransportError("unavailable", {
  message: "The sequencer cannot be reached (ECONNREFUSED). Check baseUrl, and that it runs",
});
const fee = { destination: feeAccount, basisPoints: 150 };
const details = { destination, amount: "2.50", currency: "usd" } as const;
const login = { domain: "example.com", verifier: verifierPublicKey };
const claims = {
  intent: destination,
  destination,
  currency: "usd",
  amount: 2.5,
  exchangeRate: 1,
  quarks: 1n,
  fees: 0n,
};
const webhook = signTestWebhook(claims, { privateKey: verifierSeed });

// Failures, and the messages of the command line.
const failures: readonly (readonly [name: string, fail: () => unknown, says: RegExp])[] = [
  [
    "no sequencer there",
    () => unreachable,
    /^The sequencer cannot be reached .* Check --url, and that it runs$/,
  ],
  [
    "a wait whose last status check failed",
    () =>
      new WaitError("payment_timeout", {
        intentId: "I",
        what: "No payment was reported within 9 ms. The last status check failed; see the cause.",
        cause: unreachable,
      }),
    /failed: The sequencer cannot be reached .* Check --url, .* stays payable/,
  ],
  [
    "a registration without a response",
    () => new RegistrationUnknownError("I", {}, unreachable),
    /^It is unknown whether intent I is registered: .* The last attempt: The sequencer cannot be reached .*--url/,
  ],
  [
    "an intent that is already submitted",
    () => refused("already_submitted", "ask getStatus()"),
    /^The intent is already submitted/,
  ],
  [
    "a server without the call",
    () => refused("unimplemented", "Check baseUrl and protocol."),
    /^Check --url and --protocol\.$/,
  ],
  [
    "a webhook's URL",
    () => refused("webhook_refused", "webhook.url: the intent is registered"),
    /^--webhook: the intent is/,
  ],
  ["a URL without a scheme", () => new CodeClient({ baseUrl: "example" }), /^--url: must be an absolute URL/],
  [
    "http beyond loopback",
    () => new CodeClient({ baseUrl: "http://example.com" }),
    /^--url: .* or set --allow-insecure$/,
  ],
  [
    "a third decimal",
    () => PaymentIntent.from({ ...details, amount: "1.005" }),
    /^--amount: .*; round it first$/,
  ],
  [
    "a fee twice",
    () => PaymentIntent.from({ ...details, fees: [fee, fee] }),
    /^--fee 2, destination: is the same account as --fee 1, destination;/,
  ],
  [
    "a login without a private key",
    () => PaymentIntent.from({ ...details, login }).toBinary(),
    /^the verifier's key: .* must be signed; pass the private key, as `code-intents keys generate` writes it$/,
  ],
  ["a list with an invalid key", () => wellKnownFile(["0"]), /^key 1: must be base58/],
  [
    "a payload of too many quarks",
    () => encodePayload({ kind: "cash", quarks: 2n ** 64n, nonce: new Uint8Array(11) }),
    /^--quarks: must be a whole number from 0 to /,
  ],
  [
    "a key of the wrong length",
    () => verifyWebhook(webhook, { publicKey: "foo", expect: "unbound" }),
    /^--public-key: is 3 bytes; .*; --production selects the production key$/,
  ],
  [
    "an order without an amount",
    () =>
      verifyWebhook(webhook, {
        publicKey: verifierPublicKey,
        expect: { id: destination, ...details, amount: "" },
      }),
    /^--expect, amount: /,
  ],
  [
    "a webhook by another key",
    () => verifyWebhook(webhook, { publicKey: feeAccount, expect: "unbound" }),
    /^The signature is not by this public key\./,
  ],
];

function refused(code: SequencerError["code"], message: string): SequencerError {
  return new SequencerError(code, { message, connectCode: "invalid_argument", sequencerMessage: "" });
}

test.for(failures)("%s is reported in the terms of the command line", async ([, fail, says]) => {
  const error = await Promise.resolve()
    .then(fail)
    .catch((thrown: unknown) => thrown);
  const { code, message, hint = "" } = failureOf(error);
  expect(code).not.toBe("defect");
  expect(message).toMatch(says);
  expect(message + hint).not.toMatch(
    /baseUrl|timeoutMs|publicKey|allowInsecure|Uint8Array|bigint|see the cause|\w\(\)|\{ |[a-z]\[\d|_PUBLIC_KEY|PaymentIntent/,
  );
});
