import http2 from "node:http2";
import { afterEach, describe, expect, it } from "vitest";
import { Emulator } from "../../src/emulator/index.js";
import { CodeClient, type CodeClientOptions } from "../../src/index.js";
import { transports } from "../../src/sequencer/transports/node.js";
import { rightAnswer, startHostile } from "../support/hostile-servers.js";
import {
  type ConnectingWay,
  connectingWays,
  destination,
  expectCreateFailure,
  expectStatusFailure,
  type Failure,
  failureOf,
  http2Ways,
  order,
  until,
} from "../support/outcomes.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const refused: Failure = { code: "request_refused", retryable: false, ambiguous: false };

function clientOf(way: ConnectingWay, baseUrl: string, more: Partial<CodeClientOptions> = {}): CodeClient {
  const code = new CodeClient({
    ...way.connecting,
    baseUrl,
    timeoutMs: 60_000,
    ...more,
  } as CodeClientOptions);
  cleanups.push(() => code.close());
  return code;
}

async function emulatorUrl(): Promise<string> {
  const emulator = await Emulator.start();
  cleanups.push(() => emulator.close());
  return emulator.url;
}

describe.each(connectingWays)("over $name, request headers that are too large", (way) => {
  it.each([20_000, 70_000, 200_000])("end a first call for good with %d bytes", async (bytes) => {
    const code = clientOf(way, await emulatorUrl(), { headers: { authorization: "x".repeat(bytes) } });
    for (const error of [await expectCreateFailure(code, refused), await expectStatusFailure(code, refused)])
      expect(error.message).toMatch(/^headers: the request headers are larger than the server accepts/);
  });

  it.each([20_000, 70_000])(
    "end only their own call on a connection in use, with %d bytes",
    async (bytes) => {
      const code = clientOf(way, await emulatorUrl(), { retry: false });
      const intent = await code.paymentIntents.create(order);
      const headers = { "x-large": "x".repeat(bytes) };
      const statuses = Array.from({ length: 20 }, (_, index) =>
        index % 4 === 0
          ? failureOf(code.paymentIntents.getStatus(intent.id, { headers })).then(({ message }) => message)
          : code.paymentIntents.getStatus(intent.id).then(({ state }) => state),
      );
      for (const [index, outcome] of (await Promise.all(statuses)).entries())
        expect(outcome).toMatch(index % 4 === 0 ? /^headers: / : /^pending$/);
    },
  );

  it("are named if a proxy only says 400, as nginx does", async () => {
    const page = "<html><title>400 Request Header Or Cookie Too Large</title></html>";
    const server = await startHostile((e) =>
      e.answer({ status: 400, headers: { "content-type": "text/html" }, body: page }),
    );
    cleanups.push(() => server.close());
    const large = clientOf(way, server.url, { headers: { authorization: "x".repeat(9_000) } });
    expect((await expectCreateFailure(large, refused)).message).toMatch(
      /^headers: .*\(HTTP 400, 9013 bytes\)/,
    );
    const small = clientOf(way, server.url, { headers: { authorization: "x".repeat(900) } });
    expect((await expectCreateFailure(small, refused)).message).not.toContain("headers");
  });

  it("are named if a server says 431", async () => {
    const server = await startHostile((e) => e.answer({ status: 431 }));
    cleanups.push(() => server.close());
    const error = await expectCreateFailure(clientOf(way, server.url), refused);
    expect(error).toMatchObject({ httpStatus: 431 });
    expect(error.message).toMatch(/^headers: /);
    expect(server.exchanges).toHaveLength(1);
  });
});

describe.each(http2Ways)(
  "over $name, a server that closes the connection of a request with large headers",
  (way) => {
    it("ends only that request, for good, as nginx does", async () => {
      const answers: (() => void)[] = [];
      const server = await startHostile((e) => {
        if (e.headers["x-large"] !== undefined) {
          const { session } = e.stream ?? {};
          // Its last stream is this one.
          session?.goaway(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
          return;
        }
        answers.push(() => e.answer(rightAnswer(e)));
        if (answers.length === 5) for (const answer of answers) answer();
      });
      cleanups.push(() => server.close());
      const code = clientOf(way, server.url, { retry: false });
      const others = Array.from({ length: 4 }, () => code.paymentIntents.getStatus(destination));
      await until(() => server.exchanges.length === 4);
      const headers = { "x-large": "x".repeat(40_000) };
      for (let call = 0; call < 2; call++) {
        const error = await failureOf(code.paymentIntents.getStatus(destination, { headers }));
        expect(error).toMatchObject({ code: "request_refused", retryable: false });
        expect(error.message).toMatch(/^headers: /);
      }
      others.push(code.paymentIntents.getStatus(destination));
      for (const { state } of await Promise.all(others)) expect(state).toBe("pending");
    });
  },
);

const http1Ways = connectingWays.filter((way) => !http2Ways.includes(way));

describe.each(http1Ways)("over $name, response headers that are too large", (way) => {
  it("end the call for good, which may have taken effect", async () => {
    const server = await startHostile((e) => {
      const right = rightAnswer(e);
      e.answer({ ...right, headers: { ...right.headers, "x-large": "x".repeat(20_000) } });
    });
    cleanups.push(() => server.close());
    const tooLarge: Failure = { code: "response_too_large", retryable: false, ambiguous: true };
    const code = clientOf(way, server.url);
    const error = await expectCreateFailure(code, tooLarge);
    expect(error.message).toContain("The headers of the response are larger than Node accepts");
    expect((await expectStatusFailure(code, tooLarge)).message).toContain("--max-http-header-size");
    expect(server.exchanges).toHaveLength(2);
  });
});

describe.each(http2Ways)("over $name, response headers of 60 kB", (way) => {
  it("are read", async () => {
    const server = await startHostile((e) => {
      const right = rightAnswer(e);
      e.answer({ ...right, headers: { ...right.headers, "x-large": "x".repeat(60_000) } });
    });
    cleanups.push(() => server.close());
    expect((await clientOf(way, server.url).paymentIntents.getStatus(destination)).state).toBe("pending");
  });
});

it("a WebSocket whose handshake is too large names the headers", async () => {
  const url = (await emulatorUrl()).replace("http", "ws");
  const opener = await transports.socketOpener(undefined);
  cleanups.push(() => opener.close());
  const error = await new Promise((resolve) => {
    const events = { onOpen() {}, onFrame() {}, onEnd: resolve };
    opener.open(url, { "x-large": "x".repeat(20_000) }, events);
  });
  expect(error).toMatchObject({ code: "request_refused", httpStatus: 431, retryable: false });
});
