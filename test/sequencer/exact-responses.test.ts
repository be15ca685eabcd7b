import type { Interceptor } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { MessageSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { CodeClient, type CodeClientOptions } from "../../src/index.js";
import { openSequencer } from "../../src/sequencer/open.js";
import { encode } from "../../src/wire/encodings.js";
import { reply, startHostile } from "../support/hostile-servers.js";
import { connectingWays, failureOf } from "../support/outcomes.js";
import { lengthDelimited, newKey } from "../support/sequencer.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const intentId = "1".repeat(32);

describe.each(connectingWays.filter(({ family }) => family !== "rest"))("over $name, a response", (way) => {
  const { family } = way;

  async function serve(bytes: Uint8Array): Promise<string> {
    const server = await startHostile((exchange) => exchange.answer(reply(family, bytes, {})));
    cleanups.push(() => server.close());
    return server.url;
  }

  async function statusOf(bytes: Uint8Array, more: Partial<CodeClientOptions> = {}) {
    const options = { ...way.connecting, baseUrl: await serve(bytes), retry: false, ...more };
    const code = new CodeClient(options as CodeClientOptions);
    cleanups.push(() => code.close());
    return code.paymentIntents.getStatus(intentId);
  }

  it("with a field of another wire type does not state what its content says", async () => {
    // `exists` with the wire type of text. The library would read `exists` and `intent_submitted`.
    expect(await statusOf(bytesOf("0a02 1801"))).toMatchObject({ state: "unknown" });
    expect(await statusOf(bytesOf("0801 0a02 1801"))).toMatchObject({ state: "pending" });
    expect(await statusOf(bytesOf("0801 1801"))).toMatchObject({ state: "submitted" });
  });

  it("that Go rejects is malformed", async () => {
    for (const text of ["08 ffffffffffffffffffff01", "0a05 0801", "0b 0801", "07 01"]) {
      const error = await failureOf(statusOf(bytesOf(text)));
      expect([text, error.code]).toEqual([text, "malformed_response"]);
    }
  });

  it("keeps a misread field of a message, and shows interceptors the usual message", async () => {
    // `code_scanned` as eight bytes. The library would read an empty one, then `intent_submitted`.
    const message = bytesOf("31 00 4205 a206020000");
    const seen: unknown[] = [];
    const record: Interceptor = (next) => async (request) => {
      const response = await next(request);
      seen.push(request.method.output.typeName, response.method.output.typeName);
      if (!response.stream) seen.push(response.message.$typeName);
      return response;
    };
    const sequencer = await openSequencer({
      kind: "url",
      baseUrl: await serve(lengthDelimited(1, message)),
      protocol: family === "rest" ? "connect" : family,
      httpVersion: way.connecting.httpVersion ?? "2",
      interceptors: [record],
      fetch: undefined,
      webSocket: undefined,
    });
    cleanups.push(() => sequencer.close());
    const { signal } = new AbortController();
    const attempt = { signal, headers: {}, timeoutMs: 60_000, mayRepeat: false };
    const heard = await sequencer.messages?.poll(newKey(), attempt);
    expect(heard?.map(({ kind }) => kind.case)).toEqual([undefined]);
    expect(heard?.map((one) => encode(MessageSchema, one))).toEqual([message]);
    expect(new Set(seen)).toEqual(new Set(["code.messaging.v1.PollMessagesResponse"]));
    expect(seen).toHaveLength(3);
  });
});
