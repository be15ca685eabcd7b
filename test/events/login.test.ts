import { clone, create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import {
  type Message,
  MessageSchema,
  RequestToLoginSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import type { SigningKey } from "../../src/crypto/types.js";
import { EventReader } from "../../src/events/event-reader.js";
import type { PaymentEvent } from "../../src/events/events.js";
import type { Intent } from "../../src/intents/intent.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { messageBytes } from "../../src/sequencer/message-bytes.js";
import { drawnSignature } from "../support/drawn-signature.js";
import { buildLogin, keyOfSeed, login, rebuildLogin, stranger, verifier } from "../support/login.js";
import { build, order, rebuild } from "../support/payment.js";
import { delivered } from "../support/scripted-sequencer.js";
import { filled, type Kind, login as loginRequest, payment, verifiedPayment } from "../support/sequencer.js";
import { hex } from "../support/vectors.js";

const nonce = { clientSecret: "uqM86tVJL9rhqS" };
const forBrowser = { domain: "example.com", verifier: buildLogin().login.verifier };

/** A backend's intent, which can sign, and a browser's, which cannot. Both yield the same events. */
const listeners: [string, () => { readonly asLogin: Intent; readonly asPayment: Intent }][] = [
  ["a backend", () => ({ asLogin: buildLogin({ ...nonce, login }), asPayment: build({ ...nonce, login }) })],
  [
    "a browser",
    () => ({
      asLogin: rebuildLogin({ ...nonce, login: forBrowser }),
      asPayment: rebuild({ ...nonce, login: forBrowser }),
    }),
  ],
];

const loginKey = rendezvousKey(buildLogin(nonce).payload);
const paymentKey = rendezvousKey(build(nonce).payload);

/**
 * Builds a login request at our key with other fields. The verifier signs it unless the fields contain a
 * signature.
 */
const askingLogin = (
  { domain = "example.com", by = verifier.key, rendezvous = loginKey }: Asking = {},
  fields: object = {},
): Kind => ({ case: "requestToLogin", value: loginRequest(rendezvous, by, domain, fields) });

interface Asking {
  readonly domain?: string;
  readonly by?: SigningKey;
  readonly rendezvous?: SigningKey;
}

const tenUsd = { case: "partial", value: { currency: "usd", nativeAmount: 10 } } as const;

/** Builds the payment request of `order` at our key with other fields. */
const askingPayment = (
  { domain = "example.com", by = verifier.key, rendezvous = paymentKey }: Asking = {},
  fields: object = {},
): Kind => {
  const own = { requestorAccount: { value: filled(7) }, exchangeData: tenUsd };
  return {
    case: "requestToReceiveBill",
    value: verifiedPayment(rendezvous, by, domain, { ...own, ...fields }),
  };
};

const plainPayment: Kind = {
  case: "requestToReceiveBill",
  value: payment({ requestorAccount: { value: filled(7) }, exchangeData: tenUsd }),
};

function hear(intent: Intent, ...messages: Message[]): (PaymentEvent | undefined)[] {
  const listener = new EventReader(intent);
  return messages.map((message) => listener.readMessage(message, "stream", messageBytes));
}

const wrong = { signature: { value: filled(3, 64) } };
const another = keyOfSeed(filled(4)).key;

describe.each(listeners)("%s with a login", (_, listenerOf) => {
  const { asLogin, asPayment } = listenerOf();

  it("reports its own request once", () => {
    for (const [intent, kind, key] of [
      [asLogin, askingLogin(), loginKey],
      [asPayment, askingPayment(), paymentKey],
    ] as const) {
      const [first, again] = hear(intent, delivered(kind, key), delivered(kind, key));
      expect(first).toMatchObject({ type: "requested" });
      expect(again).toBeUndefined();
    }
  });

  it("reports its own request under any valid signature of its verifier", () => {
    const other = (intent: Intent) => ({
      signature: { value: drawnSignature(verifier, intent.bytesForVerifier ?? filled(0)) },
    });
    const heard = [
      hear(asLogin, delivered(askingLogin({}, other(asLogin)), loginKey)),
      hear(asPayment, delivered(askingPayment({}, other(asPayment)), paymentKey)),
    ];
    expect(heard.flat().map((event) => event?.type)).toEqual(["requested", "requested"]);
  });

  it.each<[string, Kind, string]>([
    ["another domain", askingLogin({ domain: "example.org" }), "domain"],
    ["another verifier", askingLogin({ by: stranger.key }), "verifier"],
    ["an invalid signature", askingLogin({}, wrong), "signature"],
    [
      "another verifier's signature",
      askingLogin({ by: stranger.key }, { verifier: { value: verifier.publicKey } }),
      "signature",
    ],
    ["no signature", askingLogin({}, { signature: undefined }), "signature"],
    ["a signature of 32 bytes", askingLogin({}, { signature: { value: filled(1, 32) } }), "signature"],
    ["another rendezvous key", askingLogin({ rendezvous: another }), "rendezvousKey"],
    ["no rendezvous key", askingLogin({}, { rendezvousKey: undefined }), "rendezvousKey"],
    ["no domain", askingLogin({}, { domain: undefined }), "domain"],
    ["no verifier", askingLogin({}, { verifier: undefined }), "verifier"],
    ["the kind of a payment with the same login", askingPayment({ rendezvous: loginKey }), "kind"],
    ["the kind of a payment", plainPayment, "kind"],
  ])("reports a conflict if the request at its login has %s", (_name, kind, field) => {
    const [event, own] = hear(asLogin, delivered(kind, loginKey), delivered(askingLogin(), loginKey));
    expect(event).toMatchObject({ type: "conflicting", subject: "request", field });
    expect(own).toMatchObject({ type: "requested" });
  });

  it.each<[string, Kind, string]>([
    ["another domain", askingPayment({ domain: "example.org" }), "domain"],
    ["another verifier", askingPayment({ by: stranger.key }), "verifier"],
    ["an invalid signature", askingPayment({}, wrong), "signature"],
    ["no signature", askingPayment({}, { signature: undefined }), "signature"],
    ["another rendezvous key", askingPayment({ rendezvous: another }), "rendezvousKey"],
    ["no login", plainPayment, "domain"],
    ["another account", askingPayment({}, { requestorAccount: { value: filled(8) } }), "destination"],
    [
      "another amount",
      askingPayment({}, { exchangeData: { case: "partial", value: { currency: "usd", nativeAmount: 9 } } }),
      "amount",
    ],
    ["the kind of a login", askingLogin({ rendezvous: paymentKey }), "kind"],
  ])("reports a conflict if the request at its payment has %s", (_name, kind, field) => {
    expect(hear(asPayment, delivered(kind, paymentKey))[0]).toMatchObject({
      type: "conflicting",
      subject: "request",
      field,
    });
  });

  it("reports a login added to a plain payment as a conflict", () => {
    const event = hear(build(nonce), delivered(askingPayment(), paymentKey))[0];
    expect(event).toMatchObject({ type: "conflicting", field: "domain" });
  });

  it("reports a request with unknown fields as a conflict", () => {
    const known = askingLogin().value as Parameters<typeof clone<typeof RequestToLoginSchema>>[1];
    const value = clone(RequestToLoginSchema, known);
    value.$unknown = [{ no: 99, wireType: 0, data: Uint8Array.of(1) }];
    const kind = { case: "requestToLogin", value } as Kind;
    expect(hear(asLogin, delivered(kind, loginKey))[0]).toMatchObject({
      type: "conflicting",
      field: "request",
    });
  });

  it("reports a request that the key did not sign as forged, even with a valid verifier's signature", () => {
    expect(hear(asLogin, delivered(askingLogin(), stranger.key))[0]).toMatchObject({
      type: "forged",
      kind: "requestToLogin",
      problem: "wrong signature",
    });
    expect(hear(asLogin, delivered(askingLogin()))[0]).toMatchObject({ type: "forged", problem: "unsigned" });
  });

  it("reports scans, and rejections only of its kind", () => {
    const at = { timestamp: { seconds: 1_700_000_000n } };
    const scanned: Kind = { case: "codeScanned", value: at };
    const noLogin: Kind = { case: "clientRejectedLogin", value: at };
    const noPayment: Kind = {
      case: "clientRejectedPayment",
      value: { intentId: { value: loginKey.publicKey } },
    };
    const [first, second, third] = hear(
      asLogin,
      ...[scanned, noLogin, noPayment].map((kind) => delivered(kind, loginKey)),
    );
    expect(first).toMatchObject({ type: "scanned", at: new Date(1_700_000_000_000) });
    expect(second).toMatchObject({ type: "rejected" });
    expect(third).toBeUndefined();
    const plain = hear(build(nonce), ...[noLogin, noPayment].map((kind) => delivered(kind, paymentKey)));
    expect(plain.map((event) => event?.type)).toEqual([undefined, "rejected"]);
  });

  const submitted = (fields: object = {}, intentId = loginKey.publicKey): Message =>
    delivered({ case: "intentSubmitted", value: { intentId: { value: intentId }, ...fields } } as Kind);
  const paid = {
    metadata: {
      type: {
        case: "sendPrivatePayment",
        value: {
          destination: { value: filled(7) },
          exchangeData: { currency: "usd", exchangeRate: 1, nativeAmount: 10, quarks: 1n },
        },
      },
    },
  };

  it("reports a submitted login without a payment, once, and then the webhook", () => {
    const called = delivered({ case: "webhookCalled", value: { timestamp: { seconds: 1n } } });
    expect(hear(asLogin, submitted(), submitted(), called)).toEqual([
      { type: "submitted", heardFrom: "stream" },
      undefined,
      { type: "webhookCalled", at: new Date(1000), messageId: expect.any(String) },
    ]);
  });

  it.each([
    ["with the metadata of a payment", paid, "kind"],
    ["with empty metadata", { metadata: {} }, "kind"],
  ])(
    "reports a login submitted %s as a conflict, and ignores the status afterwards",
    (_name, fields, field) => {
      const listener = new EventReader(asLogin);
      const event = listener.readMessage(submitted(fields), "poll", messageBytes);
      expect(event).toMatchObject({ type: "conflicting", subject: "payment", field });
      expect(listener.readStatus(true)).toBeUndefined();
      expect(listener.readMessage(submitted(), "poll", messageBytes)).toBeUndefined();
    },
  );

  it("reports a login submitted for another intent as a conflict", () => {
    expect(hear(asLogin, submitted({}, paymentKey.publicKey))[0]).toMatchObject({
      type: "conflicting",
      field: "intent",
    });
  });

  it("reports what was paid with a login", () => {
    const [event] = hear(asPayment, submitted(paid, paymentKey.publicKey));
    expect(event).toMatchObject({
      type: "submitted",
      payment: { destination: order.destination, nativeAmount: 10 },
    });
  });
});

it("builds the same bytes as an intent for these tests", () => {
  for (const [intent, kind] of [
    [buildLogin({ ...nonce, login }), askingLogin()],
    [build({ ...nonce, login }), askingPayment()],
  ] as const) {
    expect(hex(toBinary(MessageSchema, create(MessageSchema, { kind })))).toBe(hex(intent.toBinary()));
  }
});
