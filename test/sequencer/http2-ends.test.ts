import http2, { type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { CodeClient, type CodeClientOptions } from "../../src/index.js";
import { contentType, type Family, reply, stored } from "../support/hostile-servers.js";
import {
  destination,
  expectCreateFailure,
  expectStatusFailure,
  type Failure,
  http2Ways,
} from "../support/outcomes.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const notProcessed: Failure = { code: "unavailable", retryable: true, ambiguous: false };
const broken: Failure = { code: "unavailable", retryable: true, ambiguous: true };

/** Starts a server of Node's own. `handle` also receives the number of the stream, from 1. */
async function serve(handle: (stream: ServerHttp2Stream, number: number) => void) {
  const server = http2.createServer();
  let streams = 0;
  const sessions = new Set<http2.Http2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.once("close", () => sessions.delete(session));
  });
  server.on("stream", (stream) => {
    streams++;
    stream.on("error", () => {});
    handle(stream, streams);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(async () => {
    for (const session of sessions) session.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get streams() {
      return streams;
    },
  };
}

/**
 * `exists` and `intentSubmitted` of a status. Without the last two bytes, it is the status of a pending
 * intent.
 */
const submitted = Buffer.from([0x08, 1, 0x18, 1]);

function answer(family: Family, bytes: Uint8Array): Buffer {
  return Buffer.from(reply(family, bytes, {}).body as Uint8Array);
}

describe.each(http2Ways)("over $name", (way) => {
  const { family } = way;
  const needsTrailers = family === "grpc";

  function clientOf(baseUrl: string, more: Partial<CodeClientOptions> = {}): CodeClient {
    const options = { ...way.connecting, baseUrl, retry: false, timeoutMs: 60_000, ...more };
    const code = new CodeClient(options as CodeClientOptions);
    cleanups.push(() => code.close());
    return code;
  }

  const moments: readonly (readonly [string, (act: () => void) => void])[] = [
    ["at once", (act) => act()],
    ["later", (act) => setTimeout(act, 20)],
    ["in the next turn", (act) => setImmediate(act)],
  ];

  describe.each(moments)("a response that begins %s", (_, when) => {
    /** Responds with `bytes` and closes the stream without an error where Node asks for trailers. */
    const withoutTrailers = (bytes: Buffer, headers: object) => (stream: ServerHttp2Stream) => {
      stream.resume();
      when(() => {
        if (stream.destroyed) return;
        const type = { "content-type": contentType(family) };
        stream.respond({ ":status": 200, ...type, ...headers }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.close());
        stream.end(bytes);
      });
    };

    it("counts if all bytes of its content-length arrived, however its stream ends", async () => {
      const body = answer(family, submitted);
      const server = await serve(withoutTrailers(body, { "content-length": body.length }));
      const code = clientOf(server.url);
      if (needsTrailers) await expectStatusFailure(code, broken);
      else {
        const statuses = [1, 2, 3].map(() => code.paymentIntents.getStatus(destination));
        for (const { state } of await Promise.all(statuses)) expect(state).toBe("submitted");
      }
    });

    it("counts if its content-length is 0, in the protocol where that is a message", async () => {
      const server = await serve(withoutTrailers(Buffer.alloc(0), { "content-length": 0 }));
      const code = clientOf(server.url);
      if (family === "connect")
        expect((await code.paymentIntents.getStatus(destination)).state).toBe("unknown");
      else if (needsTrailers) await expectStatusFailure(code, broken);
      else await expectStatusFailure(code, { code: "malformed_response", retryable: false, ambiguous: true });
    });
  });

  it.each([
    ["without a content-length", {}],
    ["with a content-length that is not reached", { "content-length": 1_000 }],
    ["with a content-length that is no number", { "content-length": "4, 4" }],
  ])(
    "does not count a response %s that is reset without an error code, and repeats the call",
    async (_, headers) => {
      const body = answer(family, submitted);
      const server = await serve((stream, number) => {
        stream.resume();
        const type = { "content-type": contentType(family) };
        if (number < 3) {
          stream.respond({ ":status": 200, ...type, ...headers });
          // Cut off here, the status would read as pending.
          stream.write(body.subarray(0, -2));
          setTimeout(() => stream.destroy(), 5);
        } else {
          const trailers = needsTrailers ? { "grpc-status": "0" } : undefined;
          stream.respond({ ":status": 200, ...type }, { waitForTrailers: needsTrailers });
          if (trailers) stream.on("wantTrailers", () => stream.sendTrailers(trailers));
          stream.end(body);
        }
      });
      await expectStatusFailure(clientOf(server.url), broken);
      const code = clientOf(server.url, { retry: { initialDelayMs: 1 } });
      expect((await code.paymentIntents.getStatus(destination)).state).toBe("submitted");
      expect(server.streams).toBe(3);
    },
  );

  it("closes a stream that its server leaves open after a complete response", async () => {
    if (needsTrailers) return;
    let closed = () => {};
    const isClosed = new Promise<void>((resolve) => {
      closed = resolve;
    });
    const body = answer(family, submitted);
    const server = await serve((stream) => {
      stream.resume();
      stream.once("close", closed);
      stream.respond({
        ":status": 200,
        "content-type": contentType(family),
        "content-length": body.length,
      });
      stream.write(body);
    });
    expect((await clientOf(server.url).paymentIntents.getStatus(destination)).state).toBe("submitted");
    await isClosed;
  });

  it("states that a refused stream was not processed", async () => {
    const server = await serve((stream) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM));
    const code = clientOf(server.url);
    const error = await expectCreateFailure(code, notProcessed);
    expect(error.message).toContain("refused the request before it processed any of it");
    await expectStatusFailure(code, notProcessed);
  });

  it("repeats a call whose stream was refused", async () => {
    const body = answer(family, stored);
    const server = await serve((stream, number) => {
      if (number < 3) return stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
      stream.respond({ ":status": 200, "content-type": contentType(family) }, { waitForTrailers: true });
      stream.on("wantTrailers", () =>
        stream.sendTrailers(needsTrailers ? { "grpc-status": "0" } : { x: "y" }),
      );
      stream.end(body);
    });
    const code = clientOf(server.url, { retry: { initialDelayMs: 1 } });
    await code.paymentIntents.create({ destination, amount: "2.50", currency: "usd" });
    expect(server.streams).toBe(3);
  });

  it.each([
    "NGHTTP2_PROTOCOL_ERROR",
    "NGHTTP2_INTERNAL_ERROR",
    "NGHTTP2_ENHANCE_YOUR_CALM",
    "NGHTTP2_HTTP_1_1_REQUIRED",
  ] as const)("names %s, after which the call may have been processed", async (name) => {
    const server = await serve((stream) => stream.close(http2.constants[name]));
    const error = await expectStatusFailure(clientOf(server.url), broken);
    expect(error.message).toContain(`(${name})`);
    if (name === "NGHTTP2_HTTP_1_1_REQUIRED") expect(error.message).toContain('set httpVersion: "1.1"');
  });

  describe.each(["NGHTTP2_NO_ERROR", "NGHTTP2_ENHANCE_YOUR_CALM", "NGHTTP2_INTERNAL_ERROR"] as const)(
    "a GOAWAY of %s",
    (name) => {
      /** Answers the first stream of the connection, and sends GOAWAY at the second. */
      async function start(lastStream: (stream: ServerHttp2Stream) => number) {
        const server = await serve((stream) => {
          stream.resume();
          if (stream.id !== 1) {
            stream.session?.goaway(http2.constants[name], lastStream(stream));
            return;
          }
          stream.respond({ ":status": 200, "content-type": contentType(family) }, { waitForTrailers: true });
          stream.on("wantTrailers", () =>
            stream.sendTrailers(needsTrailers ? { "grpc-status": "0" } : { x: "y" }),
          );
          stream.end(answer(family, submitted));
        });
        return server;
      }

      it("leaves streams above its last one unprocessed", async () => {
        const server = await start(() => 1);
        const code = clientOf(server.url);
        await code.paymentIntents.getStatus(destination);
        await expectCreateFailure(code, notProcessed);
        const repeating = clientOf(server.url, { retry: { initialDelayMs: 1 } });
        for (let call = 0; call < 4; call++) await repeating.paymentIntents.getStatus(destination);
      });

      it("may leave its last stream processed", async () => {
        const server = await start((stream) => {
          // After a GOAWAY without an error, the stream can still be answered.
          setTimeout(() => stream.session?.destroy(), 20);
          return stream.id ?? 0;
        });
        const code = clientOf(server.url);
        await code.paymentIntents.getStatus(destination);
        await expectCreateFailure(code, broken);
      });
    },
  );
});
