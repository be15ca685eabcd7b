import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { MessageSchema, SendMessageRequestSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { PaymentIntent, rendezvousKey } from "../../src/index.js";
import { diff, explain } from "../../src/inspect/index.js";
import { encodeAsGo } from "../../src/wire/encodings.js";
import { hex } from "../support/vectors.js";

const intent = PaymentIntent.from({
  destination: "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR",
  amount: "2.50",
  currency: "usd",
  idempotencyKey: "go",
  fees: [{ destination: "9sK9x3MC7yEMzfA5VRRcu2P72gCGGsF1htpeAMXae9bz", basisPoints: 150 }],
});
const key = rendezvousKey(intent.payload);
const message = fromBinary(MessageSchema, intent.toBinary());
const byNumber = toBinary(MessageSchema, message);
const asGo = encodeAsGo(MessageSchema, message);

/** Builds a call with these bytes as its message, signed over the other bytes. */
function call(sent: Uint8Array, signed: Uint8Array): Uint8Array {
  const rest = create(SendMessageRequestSchema, {
    rendezvousKey: { value: key.publicKey },
    signature: { value: key.sign(signed) },
  });
  return Buffer.concat([Uint8Array.of(0x0a, sent.length), sent, toBinary(SendMessageRequestSchema, rest)]);
}

describe("a payment request in the order of Go's encoder", () => {
  it("has the amount after the fees", () => {
    expect(hex(asGo)).not.toBe(hex(byNumber));
    expect(asGo).toHaveLength(byNumber.length);
  });

  it("is accepted with a signature over it, and explained", () => {
    const { problems, checks, verdict } = explain(call(asGo, asGo));
    expect(new Set(problems.map(({ kind, code }) => `${kind} ${code}`))).toEqual(
      new Set(["doubtful field_order"]),
    );
    expect(problems[0]?.why).toContain("the order of Go's encoder");
    expect(checks).toMatchObject([
      { outcome: "passed", text: expect.stringMatching(/in Go's order.*; the sequencer accepts it$/) },
    ]);
    expect(verdict).toMatch(/^Accepted but doubtful: /);
  });

  it("is accepted with a signature over the order of field numbers", () => {
    expect(explain(call(asGo, byNumber)).checks).toMatchObject([{ outcome: "passed" }]);
  });

  it("verifies in either order, whatever order is sent", () => {
    expect(explain(call(byNumber, asGo)).checks).toMatchObject([
      { outcome: "passed", text: expect.stringContaining("but not over the 95 bytes as given") },
    ]);
  });

  it("is not a fault in diff", () => {
    expect(diff(call(byNumber, byNumber), call(asGo, asGo)).faults).toEqual([]);
  });
});

it("a third order is rejected", () => {
  const request = byNumber.subarray(2);
  // The account, which is the first field, is last.
  const turned = Buffer.concat([byNumber.subarray(0, 2), request.subarray(36), request.subarray(0, 36)]);
  const { problems, checks } = explain(call(turned, turned));
  expect(problems.map(({ kind }) => kind)).toContain("not_canonical");
  expect(checks).toMatchObject([{ outcome: "failed" }]);
});

describe("a field that a decoder treats as unknown", () => {
  const unread = { no: 99, wireType: 0, data: Uint8Array.of(5) };

  it("is accepted with a signature that covers it", () => {
    const changed = fromBinary(MessageSchema, intent.toBinary());
    changed.$unknown = [unread];
    const bytes = toBinary(MessageSchema, changed);
    const { problems, checks } = explain(call(bytes, bytes));
    expect(problems).toMatchObject([{ kind: "doubtful", code: "unknown_field" }]);
    expect(checks).toMatchObject([{ outcome: "passed" }]);
  });

  it("is a fault if a required field has another wire type", () => {
    const { problems } = explain("0a0d0d01020304", { as: "GetStatusRequest" });
    expect(problems.some(({ kind }) => kind === "malformed")).toBe(true);
  });
});
