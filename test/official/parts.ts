/** The parts of official intents and of ours, to compare them. */
import { base58, base64urlnopad } from "@scure/base";
import { expect } from "vitest";
import { type LoginIntent, PaymentIntent, type PaymentIntentOptions } from "../../src/index.js";
import { hex } from "../support/vectors.js";
import type { RandomPayment } from "./inputs.js";
import { type AnyOptions, type OfficialRequest, officialRequest } from "./packages.js";

/** All parts of an intent, as hex and text. */
export interface Parts {
  readonly payload: string;
  readonly id: string;
  readonly publicKey: string;
  readonly clientSecret: string;
  /** The request before any signature. */
  readonly unsigned: string;
  /** The request as sent: with the verifier's signature if there is a login. */
  readonly inner: string;
  readonly message: string;
  readonly signature: string;
  readonly sendMessageRequest: string;
}

const nothing = new Uint8Array();

/** Returns the official parts. `resigned` adds the result of its `sign()`, which doubles the time. */
export async function official(intent: OfficialRequest, resigned: boolean): Promise<Parts> {
  const request = await intent.getSendMessageRequestProto();
  const { message } = request;
  const parts = {
    payload: hex(intent.rendezvousPayload.toBinary()),
    id: intent.getIntentId(),
    publicKey: hex(intent.rendezvousKeypair.getPublicValue()),
    clientSecret: intent.getClientSecret(),
    unsigned: hex(intent.toProto().kind.value?.toBinary() ?? nothing),
    inner: hex(message?.kind.value?.toBinary() ?? nothing),
    message: hex(message?.toBinary() ?? nothing),
    signature: hex(request.signature?.value ?? nothing),
    sendMessageRequest: hex(request.toBinary()),
  };
  if (resigned) {
    const signed = intent.sign();
    expect([hex(signed.signedBytes), hex(signed.envelope.toBinary()), hex(signed.signature)]).toEqual([
      parts.inner,
      parts.message,
      parts.signature,
    ]);
  }
  return parts;
}

/** Returns the same parts of our intent. */
export function ours(intent: PaymentIntent | LoginIntent): Parts {
  const signed = intent.sign();
  const inner = "requestToLogin" in signed ? signed.requestToLogin : signed.requestToReceiveBill;
  return {
    payload: hex(intent.payload),
    id: intent.id,
    publicKey: hex(signed.publicKey),
    clientSecret: intent.clientSecret,
    unsigned: hex(intent.bytesForVerifier ?? inner),
    inner: hex(inner),
    message: hex(intent.toBinary()),
    signature: hex(signed.signature),
    sendMessageRequest: hex(intent.toSendMessageRequest()),
  };
}

function paymentOf(options: AnyOptions): PaymentIntent {
  return PaymentIntent.from(options as unknown as PaymentIntentOptions);
}

/**
 * Compares a payment with the official one: with a number that both round and, if two decimals are
 * equivalent, with the exact number and text too.
 */
export async function expectSamePayment(
  { options, text, resigned }: RandomPayment,
  inOurForm: (options: AnyOptions) => AnyOptions = (options) => options,
): Promise<void> {
  const expected = await official(officialRequest(options), resigned);
  const given = inOurForm(options);
  const intent = paymentOf({ ...given, rounding: "nearest" });
  expect(ours(intent)).toEqual(expected);
  const body = intent.toRestBody();
  expect(body.intent).toBe(expected.id);
  expect(hex(base64urlnopad.decode(body.message))).toBe(expected.inner);
  expect(hex(base58.decode(body.signature))).toBe(expected.signature);
  if (text === undefined) return;
  for (const amount of [options.amount, text]) {
    const exact = paymentOf({ ...given, amount });
    expect([hex(exact.payload), hex(exact.toBinary())]).toEqual([expected.payload, expected.message]);
  }
}
