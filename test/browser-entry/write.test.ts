import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { RequestSchema } from "../../gen/code/common/v1/model_pb.js";
import {
  AckMessagesRequestSchema,
  OpenMessageStreamRequestSchema,
  OpenMessageStreamWithKeepAliveRequestSchema,
  PollMessagesRequestSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { GetStatusRequestSchema } from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import * as write from "../../src/browser/write.js";
import { newKey } from "../support/sequencer.js";

const key = newKey();
const rendezvousKey = { value: key.publicKey };

function compiled<D extends DescMessage>(schema: D, init: MessageInitShape<D>): Uint8Array {
  return toBinary(schema, create(schema, init));
}

const signature = { value: key.sign(compiled(OpenMessageStreamRequestSchema, { rendezvousKey })) };
const signed = { rendezvousKey, signature };

test.each<[string, Uint8Array, Uint8Array]>([
  ["a stream's request", write.listening(key), compiled(OpenMessageStreamRequestSchema, signed)],
  ["a poll", write.listening(key), compiled(PollMessagesRequestSchema, signed)],
  [
    "the first frame with keep-alive",
    write.keepAlive(key),
    compiled(OpenMessageStreamWithKeepAliveRequestSchema, {
      requestOrPong: { case: "request", value: create(OpenMessageStreamRequestSchema, signed) },
    }),
  ],
  ...[1_700_000_000_123, 1_700_000_000_000].map((now): [string, Uint8Array, Uint8Array] => [
    `a pong at ${now}`,
    write.pong(now),
    compiled(OpenMessageStreamWithKeepAliveRequestSchema, {
      requestOrPong: { case: "pong", value: { timestamp: timestampFromMs(now) } },
    }),
  ]),
  [
    "an acknowledgement",
    write.acknowledgement(key.publicKey, [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)]),
    compiled(AckMessagesRequestSchema, {
      rendezvousKey,
      messageIds: [{ value: new Uint8Array(16).fill(1) }, { value: new Uint8Array(16).fill(2) }],
    }),
  ],
  [
    "a status request",
    write.wrapped(key.publicKey),
    compiled(GetStatusRequestSchema, { intentId: rendezvousKey }),
  ],
  [
    "an envelope",
    write.envelope("Messaging", "pollMessages", Uint8Array.of(1, 2)),
    compiled(RequestSchema, { service: "Messaging", method: "pollMessages", body: Uint8Array.of(1, 2) }),
  ],
])("writes the bytes of the compiled schema for %s", (_, written, expected) => {
  expect(written).toEqual(expected);
});
