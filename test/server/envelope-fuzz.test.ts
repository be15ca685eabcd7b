import type net from "node:net";
import { fromBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Response_Result, ResponseSchema } from "../../gen/code/common/v1/model_pb.js";
import { Messaging } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { MicroPayment } from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import { Identity } from "../../gen/code/user/v1/identity_service_pb.js";
import { Emulator } from "../../src/emulator/index.js";
import { WatchedClock } from "../support/emulated.js";
import {
  answerOf,
  keepAliveCall,
  messageCall,
  paymentCall,
  post,
  requestOf,
  statusCall,
  streamCall,
} from "../support/envelope.js";
import { runs } from "../support/property.js";
import { codeScanned, newKey } from "../support/sequencer.js";
import { unhex, vectors } from "../support/vectors.js";
import { callOnce, frame, opcode, RawSocket } from "../support/websocket.js";

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
const clock = new WatchedClock();
let emulator: Emulator;
let timers = 0;
beforeAll(async () => {
  process.on("unhandledRejection", note);
  process.on("uncaughtExceptionMonitor", note);
  emulator = await Emulator.start({ clock, logger: { error: note } });
  timers = clock.pending;
});
afterAll(async () => {
  await emulator.close();
  process.off("unhandledRejection", note);
  process.off("uncaughtExceptionMonitor", note);
  expect(unhandled).toEqual([]);
});

const key = newKey();
const honest: readonly Uint8Array[] = [
  statusCall(key),
  paymentCall(key),
  messageCall(key, codeScanned),
  streamCall(key),
  keepAliveCall(key),
  ...vectors.intents.flatMap((vector) => {
    const { httpEnvelopeHex } = vector as { readonly httpEnvelopeHex?: string };
    return httpEnvelopeHex === undefined ? [] : [unhex(httpEnvelopeHex)];
  }),
];
const methods = [...Messaging.methods, ...MicroPayment.methods, ...Identity.methods];

type Change = (bytes: Uint8Array) => Uint8Array;
const at = fc.nat(2000);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(at, fc.nat(255)).map(
    ([i, byte]): Change =>
      (bytes) => {
        const changed = new Uint8Array(bytes);
        if (changed.length > 0) changed[i % changed.length] = byte;
        return changed;
      },
  ),
  at.map(
    (length): Change =>
      (bytes) =>
        bytes.subarray(0, length % (bytes.length + 1)),
  ),
  fc.tuple(at, fc.uint8Array({ maxLength: 40 })).map(
    ([i, more]): Change =>
      (bytes) => {
        const cut = i % (bytes.length + 1);
        return Buffer.concat([bytes.subarray(0, cut), more, bytes.subarray(cut)]);
      },
  ),
  fc.tuple(at, at).map(
    ([from, to]): Change =>
      (bytes) =>
        Buffer.concat([bytes, bytes.subarray(from, to)]),
  ),
);

/** Valid calls, valid calls with some bytes changed, calls of methods with any body, and arbitrary bytes. */
const call: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.constantFrom(...honest),
  fc
    .tuple(fc.constantFrom(...honest), fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([bytes, changes]) => changes.reduce((changed, apply) => apply(changed), bytes)),
  fc
    .tuple(fc.constantFrom(...methods), fc.uint8Array({ maxLength: 200 }))
    .map(([{ parent, localName }, body]) => requestOf(parent.name, localName, body)),
  fc.tuple(fc.string(), fc.string()).map(([service, method]) => requestOf(service, method)),
  fc.uint8Array({ maxLength: 300 }),
);

/** Waits while the emulator's clock advances, so that streams reach their end. */
async function withTime<T>(work: Promise<T>): Promise<T> {
  let settled = false;
  const done = () => {
    settled = true;
  };
  work.then(done, done);
  while (!settled) await clock.advance(61_000);
  return work;
}

/** Checks that the emulator is unchanged: no stream is left, and it responds. */
async function isSound(): Promise<void> {
  await expect.poll(() => clock.pending, { interval: 5, timeout: 60_000 }).toBe(timers);
  expect(await post(emulator, statusCall())).toMatchObject({ status: 200, answer: { ok: true } });
  expect(await callOnce(emulator, statusCall())).toMatchObject({ ok: true });
  expect(unhandled).toEqual([]);
}

describe("the envelope over HTTP, with random bodies", () => {
  it("sends a reply or an error with text for any body", async () => {
    const calls = fc.array(call, { minLength: 8, maxLength: 16 });
    await fc.assert(
      fc.asyncProperty(calls, async (bodies) => {
        const answers = await withTime(Promise.all(bodies.map((body) => post(emulator, body))));
        for (const { status, answer } of answers) {
          expect([200, 500]).toContain(status);
          if (!answer.ok) expect(answer.error).not.toBe("");
          if (status === 500) expect(answer.ok).toBe(false);
        }
        await isSound();
      }),
      runs(40),
    );
  });
});

/**
 * The frames that a client can send: calls, complete and in fragments, frames with some bytes changed, and
 * arbitrary bytes.
 */
const written: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 6, arbitrary: call.map((bytes) => frame(opcode.binary, bytes)) },
  {
    weight: 2,
    arbitrary: fc.tuple(call, at).map(([bytes, i]) => {
      const cut = i % (bytes.length + 1);
      const first = frame(opcode.binary, bytes.subarray(0, cut), { fin: false });
      return Buffer.concat([first, frame(opcode.more, bytes.subarray(cut))]);
    }),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(call, change).map(([bytes, apply]) => apply(frame(opcode.binary, bytes))),
  },
  { weight: 1, arbitrary: fc.string().map((text) => frame(opcode.text, Buffer.from(text))) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat(15), fc.uint8Array({ maxLength: 130 }), fc.boolean(), fc.nat(7))
      .map(([code, bytes, fin, reserved]) => frame(code, bytes, { fin, reserved })),
  },
  { weight: 1, arbitrary: fc.constant(frame(opcode.binary, new Uint8Array(1024 * 1024 + 1))) },
  { weight: 1, arbitrary: fc.constant(frame(opcode.close, Uint8Array.of(3, 0xe8))) },
);
const ends: readonly ((socket: net.Socket) => unknown)[] = [
  (socket) => socket.destroy(),
  (socket) => socket.end(),
  (socket) => socket.resetAndDestroy(),
];
/** The close codes for well-behaved clients, and for violations of WebSockets or of the envelope. */
const codes = [1000, 1002, 1003, 1007, 1008, 1009];

describe("the envelope over a WebSocket, with random frames", () => {
  it("sends frames, or closes the socket with a code, for any input", async () => {
    const pieces = fc.array(written, { minLength: 1, maxLength: 6 });
    const script = fc.tuple(pieces, fc.constantFrom(...ends), fc.boolean());
    await fc.assert(
      fc.asyncProperty(fc.array(script, { minLength: 4, maxLength: 12 }), async (scripts) => {
        const sockets = await Promise.all(
          scripts.map(async ([all, end, hasty]) => {
            const socket = await RawSocket.open(emulator);
            for (const bytes of all) socket.net.write(bytes);
            // Under load, the end can overtake them.
            if (!hasty) await new Promise((resolve) => setTimeout(resolve, 2));
            end(socket.net);
            return socket;
          }),
        );
        for (const socket of sockets) {
          await socket.closed;
          socket.net.destroy();
          for (const { opcode: code, payload } of socket.frames) {
            expect([opcode.binary, opcode.close, opcode.pong]).toContain(code);
            if (code !== opcode.binary) continue;
            const { result, message } = fromBinary(ResponseSchema, payload);
            expect(result === Response_Result.ERROR).toBe(message !== "");
            answerOf(payload);
          }
          const { closeCode } = socket;
          // The server echoes the client's close code.
          if (closeCode !== undefined && closeCode < 3000) expect(codes).toContain(closeCode);
        }
        await isSound();
      }),
      runs(60),
    );
  });
});
