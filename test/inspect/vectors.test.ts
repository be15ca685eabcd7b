import type { DescMessage } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { inspectMessage, inspectPayload, renderText } from "../../src/inspect/index.js";
import { RequestSchema } from "../../src/proto/common.js";
import {
  MessageSchema,
  RequestToReceiveBillSchema,
  SendMessageRequestSchema,
} from "../../src/proto/messaging.js";
import { unhex, vectors } from "../support/vectors.js";
import {
  at,
  expectCovered,
  inspectHex,
  problemsOf,
  schemaOf,
  valuesInMessage,
  valuesInTree,
} from "./support.js";

type Case = readonly [name: string, schema: DescMessage, hex: string];

const cases: Case[] = [
  ...vectors.intents.flatMap((vector): Case[] => [
    ...oneCase(`${vector.id} message`, MessageSchema, vector.messageHex),
    ...oneCase(`${vector.id} send`, SendMessageRequestSchema, vector.sendMessageRequestHex),
    ...(vector.messageHex?.startsWith("2a")
      ? oneCase(`${vector.id} inner`, RequestToReceiveBillSchema, vector.innerSignedBytesHex)
      : []),
  ]),
  ...vectors.otherMessages.flatMap((vector): Case[] => {
    const schema = schemaOf(vector.type ?? "");
    // A `messageHex` is the message within a request, if the vector is a request.
    return [
      ...oneCase(`${vector.id} message`, MessageSchema, vector.messageHex),
      ...oneCase(`${vector.id} request`, schema, vector.requestHex),
      ...oneCase(`${vector.id} response`, schema, vector.responseHex),
      ...oneCase(`${vector.id} signed bytes`, schema, vector.signedBytesHex),
      ...oneCase(`${vector.id} envelope`, RequestSchema, vector.httpEnvelopeHex),
    ];
  }),
];

function oneCase(name: string, schema: DescMessage, hex: string | undefined): Case[] {
  return hex === undefined ? [] : [[name, schema, hex]];
}

describe.each(cases)("the inspector of official bytes: %s", (_name, schema, hex) => {
  const bytes = unhex(hex);
  const tree = inspectMessage(schema, bytes);

  it("reports no problem, and every byte in one part", () => {
    expect(tree.problems).toEqual([]);
    expectCovered(tree);
    expect(renderText(tree)).not.toMatch(/unknown|unreadable|!/);
  });

  it("returns the values that protobuf-es reads", () => {
    expect(valuesInTree(tree)).toEqual(valuesInMessage(schema, bytes));
  });
});

it("the official vectors contain every message", () => {
  expect(
    vectors.otherMessages.every((vector) => cases.some(([name]) => name.startsWith(`${vector.id} `))),
  ).toBe(true);
  expect(cases.length).toBeGreaterThan(60);
});

it("the inspector reports the non-canonical form of an envelope in the official documentation", () => {
  const vector = vectors.otherMessages.find(({ id }) => id === "get-status");
  const tree = inspectHex(RequestSchema, vector?.docsEnvelopeHexWithExplicitEmptyVersion ?? "");
  expect(problemsOf(tree)).toEqual(["explicit_default@0 in version"]);
});

it("the inspector describes a payment with a login and fees", () => {
  const vector = vectors.intents.find(({ id }) => id === "usd-with-login-and-fee");
  const tree = inspectHex(MessageSchema, vector?.messageHex ?? "");
  expect(at(tree, "request_to_receive_bill.signature.value").meaning).toMatch(
    /^64-byte Ed25519 signature: base58 \w{80,}$/,
  );
  expect(at(tree, "request_to_receive_bill.rendezvous_key.value").meaning).toBe(
    `32-byte rendezvous public key: base58 ${vector?.rendezvousPublicKey}`,
  );
  expect(at(tree, "request_to_receive_bill.additional_fees[0].fee_bps").value).toBeTypeOf("number");
});

it.each([
  ["client-pong", "requestHex", "pong.timestamp", "a point in time: 2023-11-14T22:13:20.500Z"],
  ["send-message-response-no-active-stream", "responseHex", "result", "varint: 1, which is NO_ACTIVE_STREAM"],
  [
    "server-webhook-called",
    "messageHex",
    "id.value",
    "16-byte message id: UUID 00010203-0405-0607-0809-0a0b0c0d0e0f",
  ],
  [
    "server-intent-submitted-payment",
    "messageHex",
    "intent_submitted.metadata.send_private_payment",
    "type: a private payment",
  ],
  [
    "server-intent-submitted-payment",
    "messageHex",
    "intent_submitted.metadata.send_private_payment.is_withdrawal",
    "varint: true",
  ],
])("the inspector describes %s at %s %s", (id, property, path, meaning) => {
  const vector = vectors.otherMessages.find((candidate) => candidate.id === id);
  const schema = property === "messageHex" ? MessageSchema : schemaOf(vector?.type ?? "");
  expect(at(inspectHex(schema, vector?.[property] ?? ""), path).meaning).toBe(meaning);
});

describe.each(vectors.intents)("the inspector of the official payload $id", (vector) => {
  const tree = inspectPayload(unhex(vector.payloadHex));

  it("reports no problem, and names the intent", () => {
    expect(tree.problems).toEqual([]);
    expectCovered(tree);
    expect(tree.meaning).toContain(`intent id ${vector.rendezvousPublicKey}`);
  });

  it("returns the amount and the nonce of the vector", () => {
    const values = new Map(tree.children.map(({ label, value }) => [label, value]));
    if (values.has("units")) expect(values.get("units")).toBe(BigInt(vector.encodedUnits ?? -1));
    if (values.has("currency"))
      expect(values.get("currency")).toBe(String(vector.input.currency).toLowerCase());
    if (vector.nonceHex !== undefined && values.has("nonce")) {
      expect(values.get("nonce")).toEqual(unhex(vector.nonceHex));
      expect(at(tree, "nonce").meaning).toContain(vector.clientSecret);
    }
  });
});
