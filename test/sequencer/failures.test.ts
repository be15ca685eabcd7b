import http from "node:http";
import type { AddressInfo } from "node:net";
import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import {
  CodeClient,
  type CodeClientOptions,
  RegistrationUnknownError,
  SequencerError,
} from "../../src/index.js";
import {
  closedPort,
  contentType,
  type Exchange,
  envelope,
  type Family,
  type HostileServer,
  refusalAnswer,
  reply,
  rightAnswer,
  startCutting,
  startHostile,
  startRaw,
  statusBytes,
  statusNames,
  stored,
} from "../support/hostile-servers.js";
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
} from "../support/outcomes.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandled.push(reason);
process.on("unhandledRejection", onUnhandled);
afterAll(async () => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off("unhandledRejection", onUnhandled);
  expect(unhandled).toEqual([]);
});

type More = Partial<Pick<CodeClientOptions, "timeoutMs" | "retry" | "headers" | "logger">>;

function clientOf(way: ConnectingWay, baseUrl: string, more: More = {}): CodeClient {
  const options = { ...way.connecting, baseUrl, retry: false, timeoutMs: 60_000, ...more } as const;
  const code = new CodeClient(options);
  cleanups.push(() => code.close());
  return code;
}

async function hostile(handle: (exchange: Exchange) => unknown): Promise<HostileServer> {
  const server = await startHostile(handle);
  cleanups.push(() => server.close());
  return server;
}

const unavailable: Failure = { code: "unavailable", retryable: true, ambiguous: true };
const malformed: Failure = { code: "malformed_response", retryable: false, ambiguous: true };
const tooLarge: Failure = { code: "response_too_large", retryable: false, ambiguous: true };
const failed: Failure = { code: "sequencer_failed", retryable: true, ambiguous: true };
const late: Failure = { code: "deadline_exceeded", retryable: true, ambiguous: true };
const exhausted: Failure = { code: "resource_exhausted", retryable: true, ambiguous: false };
const redirected: Failure = { code: "redirect_refused", retryable: false, ambiguous: false };
const refused = (
  code: "request_refused" | "unimplemented" | "unauthenticated" | "permission_denied",
): Failure => ({
  code,
  retryable: false,
  ambiguous: false,
});

interface Row {
  readonly title: string;
  readonly answer: (exchange: Exchange) => unknown;
  readonly failure: Failure | ((family: Family) => Failure);
}

/** Sends the first bytes of the correct response. */
function begin(exchange: Exchange, headers: http.OutgoingHttpHeaders = {}): void {
  const right = rightAnswer(exchange);
  const body = Buffer.from(right.body as Uint8Array);
  exchange.head(200, { ...right.headers, ...headers });
  exchange.write(body.subarray(0, -2));
}

const later = (act: () => unknown) => setTimeout(act, 10);

const broken: readonly Row[] = [
  { title: "resets the connection before any answer", answer: (e) => e.cut(), failure: unavailable },
  {
    title: "closes the connection before any answer",
    answer: (e) => e.socket.destroy(),
    failure: unavailable,
  },
  ...[0, 1, 2, 8, 11, 13].map(
    (code): Row => ({
      title: `resets the stream with code ${code} before any answer`,
      answer: (e) => e.reset(code),
      failure: unavailable,
    }),
  ),
  {
    title: "resets the connection in the middle of the body",
    answer: (e) => {
      begin(e);
      later(() => e.cut());
    },
    failure: unavailable,
  },
  {
    title: "closes the connection in the middle of the body",
    answer: (e) => {
      begin(e);
      later(() => e.socket.destroy());
    },
    failure: unavailable,
  },
  {
    title: "sends less than it promised",
    answer: (e) => {
      begin(e, { "content-length": 1000 });
      later(() => e.socket.destroy());
    },
    failure: unavailable,
  },
];

const html = "<html><body>Welcome</body></html>";

const senseless: readonly Row[] = [
  {
    title: "answers 200 with an empty body",
    answer: (e) => e.answer({}),
    failure: malformed,
  },
  {
    title: "answers 200 with an empty body of type text/html",
    answer: (e) => e.answer({ headers: { "content-type": "text/html" } }),
    failure: malformed,
  },
  ...["text/html", "own"].map(
    (type): Row => ({
      title: `answers 200 with HTML of ${type === "own" ? "the protocol's own type" : type}`,
      answer: (e) =>
        e.answer({ headers: { "content-type": type === "own" ? contentType(e.family) : type }, body: html }),
      // As a gRPC frame, it announces more than a gigabyte.
      failure: (family) =>
        family === "grpc-web" || (family === "grpc" && type === "own") ? tooLarge : malformed,
    }),
  ),
  ...["{nope", "[]", "null", "1", '"PENDING"', '{"success":false}'].map(
    (body): Row => ({
      title: `answers 200 with the JSON ${body}`,
      answer: (e) => e.answer({ headers: { "content-type": "application/json" }, body }),
      failure: (family) => (family === "grpc-web" && body.length > 4 ? tooLarge : malformed),
    }),
  ),
  {
    title: "answers 200 with success as text",
    answer: (e) =>
      e.answer({
        headers: { "content-type": "application/json" },
        body: '{"success":"true","status":"PENDING"}',
      }),
    failure: (family) => (family === "grpc-web" ? tooLarge : malformed),
  },
  {
    title: "answers with bytes that are no message",
    answer: (e) => e.answer(reply(e.family, Buffer.from("ffff", "hex"), ["PENDING"])),
    failure: malformed,
  },
  {
    title: "answers in an encoding that was not asked for",
    answer: (e) =>
      e.answer({
        headers: {
          "content-type": contentType(e.family),
          "content-encoding": "x-unheard-of",
          "grpc-encoding": "x-unheard-of",
        },
        body: "????",
      }),
    failure: malformed,
  },
  ...[204, 206].map(
    (status): Row => ({
      title: `answers ${status}`,
      answer: (e) => e.answer({ status, headers: { "content-type": contentType(e.family) } }),
      failure: malformed,
    }),
  ),
];

const statuses: readonly (readonly [number, Failure])[] = [
  [400, refused("request_refused")],
  [401, refused("unauthenticated")],
  [403, refused("permission_denied")],
  [404, refused("unimplemented")],
  [405, refused("unimplemented")],
  [408, late],
  [413, refused("request_refused")],
  [421, refused("request_refused")],
  [429, exhausted],
  [499, late],
  [500, failed],
  [501, refused("unimplemented")],
  [502, unavailable],
  [503, unavailable],
  [504, unavailable],
  [520, failed],
];

const byStatus: readonly Row[] = [
  ...statuses.map(
    ([status, failure]): Row => ({
      title: `answers ${status} with the page of a gateway`,
      answer: (e) => e.answer({ status, headers: { "content-type": "text/html" }, body: html }),
      failure,
    }),
  ),
  {
    title: "answers 500 with JSON",
    answer: (e) =>
      e.answer({
        status: 500,
        headers: { "content-type": "application/json" },
        body: '{"error":"internal server error","success":false,"message":"boom"}',
      }),
    failure: failed,
  },
  {
    title: "answers 503 with JSON that is broken off",
    answer: (e) =>
      e.answer({ status: 503, headers: { "content-type": "application/json" }, body: '{"success":tr' }),
    failure: unavailable,
  },
  {
    title: "answers 500 with JSON that claims success",
    answer: (e) =>
      e.answer({
        status: 500,
        headers: { "content-type": "application/json" },
        body: '{"success":true,"status":"PENDING"}',
      }),
    failure: failed,
  },
];

const megabyte = Buffer.alloc(1024 * 1024 + 1, 0x20);

function compressed(exchange: Exchange, bytes: Uint8Array): void {
  const { family } = exchange;
  const headers = { "content-type": contentType(family) };
  if (family === "connect" || family === "rest" || family === "envelope") {
    exchange.answer({ headers: { ...headers, "content-encoding": "gzip" }, body: bytes });
  } else {
    const trailers = family === "grpc" ? { trailers: { "grpc-status": "0" } } : {};
    exchange.answer({
      headers: { ...headers, "grpc-encoding": "gzip" },
      body: envelope(bytes, 1),
      ...trailers,
    });
  }
}

const large: readonly Row[] = [
  {
    title: "declares more than a mebibyte",
    answer: (e) =>
      e.answer({ ...reply(e.family, megabyte, { success: true, padding: megabyte.toString("latin1") }) }),
    failure: tooLarge,
  },
  {
    title: "sends more than a mebibyte in chunks",
    answer: (e) => {
      const whole = Buffer.from(
        reply(e.family, megabyte, { padding: megabyte.toString("latin1") }).body as Buffer,
      );
      e.answer({
        headers: { "content-type": contentType(e.family) },
        body: [whole.subarray(0, 9e5), whole.subarray(9e5)],
      });
    },
    failure: tooLarge,
  },
];

describe.each(connectingWays)("over $name, a server that", (way) => {
  const { family } = way;

  async function check({ answer, failure }: Row, more?: More): Promise<HostileServer> {
    const expected = typeof failure === "function" ? failure(family) : failure;
    const server = await hostile(answer);
    const code = clientOf(way, server.url, more);
    await expectCreateFailure(code, expected);
    await expectStatusFailure(code, expected);
    return server;
  }

  it.each(broken)("$title leaves the outcome unknown", async (row) => {
    const server = await check(row);
    expect(server.exchanges).toHaveLength(2);
  });

  it.each(senseless)("$title is reported as malformed", async (row) => {
    await check(row);
  });

  it.each(byStatus)("$title is reported by its status", async (row) => {
    await check(row);
  });

  it.each(large)("$title is rejected", async (row) => {
    await check(row);
  });

  it("sends a small body that unpacks to more than 1 MiB is rejected", async () => {
    const answer = (exchange: Exchange) => compressed(exchange, gzipSync(megabyte));
    // The package's own client on Node requests no compression, so it unpacks nothing.
    const isOurs = (family === "rest" || family === "envelope") && way.connecting.fetch === undefined;
    const failure = isOurs ? malformed : tooLarge;
    await check({ title: "", answer, failure });
  });

  it("sends bytes that are not the announced compression is rejected", async () => {
    const answer = (exchange: Exchange) => compressed(exchange, Buffer.from("nonsense"));
    // The platform's fetch unpacks automatically, and reports only that it failed.
    const failure = way.connecting.fetch !== undefined ? unavailable : malformed;
    await check({ title: "", answer, failure });
  });

  it("does not listen is never reached, so that nothing can be registered", async () => {
    const port = await closedPort();
    const never: Failure = { code: "unavailable", retryable: true, ambiguous: false };
    for (const host of ["127.0.0.1", "localhost"]) {
      const code = clientOf(way, `http://${host}:${port}`);
      const error = await expectCreateFailure(code, never);
      expect(error.message).toContain("ECONNREFUSED");
      await expectStatusFailure(code, never);
    }
  });

  it("responds only with 101 ends no call with success", async () => {
    const server = await startRaw((socket) => {
      socket.once("data", () =>
        socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"),
      );
    });
    cleanups.push(() => server.close());
    const error = await failureOf(clientOf(way, server.url, { timeoutMs: 150 }).paymentIntents.create(order));
    expect(error).toBeInstanceOf(RegistrationUnknownError);
  });

  it.each([
    ["an HTTP/1.1 refusal", "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"],
    ["another protocol", "220 mail.example.com ESMTP\r\n"],
    ["nothing", ""],
  ])("answers every connection with %s and closes it fails only the call", async (_, text) => {
    const server = await startRaw((socket) => {
      socket.once("data", () => socket.end(text));
    });
    cleanups.push(() => server.close());
    const code = clientOf(way, server.url);
    await failureOf(code.paymentIntents.create(order));
    await failureOf(code.paymentIntents.getStatus(destination));
    // A late error of the connection would end the process now, right after the failure.
    await code.close();
  });

  it.each([301, 302, 303, 307, 308])("redirects with %d is not followed", async (status) => {
    const target = await hostile((e) => e.answer(rightAnswer(e)));
    const paths = ["/elsewhere", target.url, `${target.url}/v1/getStatus?intent=${destination}`];
    for (const location of paths) {
      const server = await hostile((e) => e.answer({ status, headers: { location }, body: html }));
      const code = clientOf(way, server.url, { retry: { initialDelayMs: 0 } });
      await expectCreateFailure(code, redirected);
      await expectStatusFailure(code, redirected);
      expect(server.exchanges).toHaveLength(2);
    }
    expect(target.connections).toBe(0);
  });

  it("sends informational responses first can still succeed", async () => {
    const server = await hostile((e) => {
      e.inform(103);
      e.inform(103);
      later(() => e.answer(rightAnswer(e)));
    });
    const code = clientOf(way, server.url);
    await code.paymentIntents.create(order);
    expect((await code.paymentIntents.getStatus(destination)).state).toBe("pending");
  });

  const slow: readonly Omit<Row, "failure">[] = [
    { title: "never answers", answer: () => {} },
    {
      title: "answers after the deadline",
      answer: (e) => {
        const timer = setTimeout(() => e.answer(rightAnswer(e)), 300);
        e.socket.once("close", () => clearTimeout(timer));
      },
    },
    {
      title: "sends headers and no body",
      answer: (e) => e.head(200, { "content-type": contentType(e.family), "content-length": 100 }),
    },
    {
      title: "trickles its body",
      answer: (e) => {
        e.head(200, { "content-type": contentType(e.family) });
        const first = e.family.startsWith("grpc") ? envelope(Buffer.alloc(1000)).subarray(0, 5) : "{";
        e.write(first);
        const timer = setInterval(() => e.write(" "), 10);
        const stop = () => clearInterval(timer);
        e.socket.once("close", stop);
        cleanups.push(stop);
      },
    },
  ];
  it.each(slow)("$title does not delay the call beyond its deadline", async (row) => {
    const server = await hostile(row.answer);
    const code = clientOf(way, server.url, { timeoutMs: 80 });
    await Promise.all([expectCreateFailure(code, late), expectStatusFailure(code, late)]);
  });

  it("delays a call does not exceed a shorter deadline of the call itself", async () => {
    const server = await hostile(() => {});
    const code = clientOf(way, server.url, { timeoutMs: 60_000 });
    const shorter = { timeoutMs: 50 };
    await Promise.all([expectCreateFailure(code, late, shorter), expectStatusFailure(code, late, shorter)]);
  });

  it("is not called if the signal has already fired", async () => {
    const server = await hostile((e) => e.answer(rightAnswer(e)));
    const code = clientOf(way, server.url);
    const signal = AbortSignal.abort("mine");
    for (const call of [
      code.paymentIntents.create(order, { signal }),
      code.paymentIntents.getStatus(destination, { signal }),
    ]) {
      expect(await failureOf(call)).toMatchObject({
        code: "aborted",
        cause: "mine",
        retryable: false,
        mayHaveArrived: false,
      });
    }
    expect(server.connections).toBe(0);
  });

  it("delays a call does not delay it after the signal fires", async () => {
    for (const call of ["create", "getStatus"] as const) {
      const controller = new AbortController();
      const server = await hostile(() => controller.abort("mine"));
      const code = clientOf(way, server.url);
      const { signal } = controller;
      const running =
        call === "create"
          ? code.paymentIntents.create(order, { signal })
          : code.paymentIntents.getStatus(destination, { signal });
      expect(await failureOf(running)).toMatchObject({
        code: "aborted",
        cause: "mine",
        retryable: false,
        mayHaveArrived: true,
      });
    }
  });

  it("closes its idle connections receives the next call over a new one", async () => {
    const server = await hostile((e) => e.answer(rightAnswer(e)));
    const code = clientOf(way, server.url, { retry: {} });
    for (let round = 0; round < 4; round++) {
      await code.paymentIntents.create(order);
      // Once immediately, and once after the client can notice.
      server.dropConnections();
      if (round % 2 === 1) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect((await code.paymentIntents.getStatus(destination)).state).toBe("pending");
  });

  it("restarts receives the next call over a new connection", async () => {
    const first = await startHostile((e) => e.answer(rightAnswer(e)));
    const code = clientOf(way, first.url, { retry: {} });
    await code.paymentIntents.create(order);
    await first.close();
    const second = await startHostile((e) => e.answer(rightAnswer(e)), first.port);
    cleanups.push(() => second.close());
    await code.paymentIntents.create(order);
    await code.paymentIntents.getStatus(destination);
    expect(second.exchanges.length).toBeGreaterThanOrEqual(2);
  });

  it("fails in any way causes no error that contains a secret", async () => {
    const secret = "hunter2-of-the-headers";
    const idempotencySecret = "hunter2-of-the-intents, 32 bytes long";
    const answers: ((exchange: Exchange) => unknown)[] = [
      (e) => e.cut(),
      (e) => e.answer({}),
      (e) => e.answer({ status: 500 }),
      (e) => e.answer({ status: 302, headers: { location: "/" } }),
      (e) => e.answer(refusalAnswer(e.family, "invalid_argument", "no")),
      () => {},
    ];
    for (const answer of answers) {
      const server = await hostile(answer);
      const code = clientOf(way, server.url, { headers: { authorization: secret }, timeoutMs: 60 });
      const intent = code.paymentIntents.build({ ...order, idempotencyKey: "key-1042", idempotencySecret });
      const error = await failureOf(code.paymentIntents.create(intent, { headers: { "x-token": secret } }));
      const shown = `${inspect(error, { depth: Infinity, showHidden: true })}${JSON.stringify(error)}${error.stack}`;
      for (const hidden of ["hunter2", "key-1042", intent.clientSecret]) expect(shown).not.toContain(hidden);
      expect(shown).not.toContain(Buffer.from(intent.payload).toString("hex"));
    }
  });
});

describe.each(connectingWays.filter((way) => way.family !== "rest"))("over $name, a server that", (way) => {
  const { family } = way;

  const unstored: readonly (readonly [string, Buffer])[] = [
    ["without a message id", Buffer.alloc(0)],
    ["with an empty message id", Buffer.from([0x12, 0])],
    ["with a message id of one byte", Buffer.from([0x12, 3, 0x0a, 1, 7])],
    ["with a message id of 17 bytes", Buffer.concat([Buffer.from([0x12, 19, 0x0a, 17]), Buffer.alloc(17)])],
    ["with an unknown result", Buffer.concat([Buffer.from([0x08, 9]), stored])],
  ];
  it.each(unstored)(
    "answers SendMessage %s has not confirmed that it stored the message",
    async (_, bytes) => {
      const server = await hostile((e) => e.answer(reply(family, bytes, {})));
      await expectCreateFailure(clientOf(way, server.url), malformed);
    },
  );

  it("has no active stream did not store the message", async () => {
    const bytes = Buffer.concat([Buffer.from([0x08, 1]), stored]);
    const server = await hostile((e) => e.answer(reply(family, bytes, {})));
    const error = await expectCreateFailure(clientOf(way, server.url), refused("request_refused"));
    expect((error as SequencerError).sequencerMessage).toBe("no active stream");
  });

  const codes: Readonly<Record<string, Failure>> = {
    canceled: late,
    unknown: failed,
    invalid_argument: refused("request_refused"),
    deadline_exceeded: late,
    permission_denied: refused("permission_denied"),
    resource_exhausted: exhausted,
    aborted: late,
    unimplemented: refused("unimplemented"),
    internal: failed,
    unavailable,
    data_loss: failed,
    unauthenticated: refused("unauthenticated"),
  };
  it.each(statusNames)("responds with %s is reported with its text", async (name) => {
    const text = '100% of "it" – naïve <words>';
    const server = await hostile((e) => e.answer(refusalAnswer(family, name, text)));
    const code = clientOf(way, server.url);
    const failure = codes[name] ?? refused("request_refused");
    for (const error of [
      await expectCreateFailure(code, failure),
      await expectStatusFailure(code, failure),
    ]) {
      expect(error).toMatchObject({ connectCode: name });
      expect(error.message).toContain(text);
      if (error instanceof SequencerError) expect(error.sequencerMessage).toBe(text);
    }
  });

  it("sends control characters has them escaped in every printed text", async () => {
    const text = "no\u001b]0;owned\u0007\r\nerror: paid \u009b2J\u202etxt\u2066";
    const escaped = "no\\u001b]0;owned\\u0007\\u000d\\u000aerror: paid \\u009b2J\\u202etxt\\u2066";
    const server = await hostile((e) => e.answer(refusalAnswer(family, "permission_denied", text)));
    const error = (await expectStatusFailure(
      clientOf(way, server.url),
      refused("permission_denied"),
    )) as SequencerError;
    expect(error.message).toContain(escaped);
    expect(error.sequencerMessage).toBe(text);
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      expect(cause.message).toContain(escaped);
      expect(cause.stack).toContain(escaped);
      expect(cause.stack).not.toMatch(/[^\P{Cc}\n]|[\u202e\u2066]/u);
    }
  });

  it("responds with only a code is reported without text", async () => {
    const server = await hostile((e) => e.answer(refusalAnswer(family, "unauthenticated", "")));
    const error = await expectCreateFailure(clientOf(way, server.url), refused("unauthenticated"));
    expect((error as SequencerError).sequencerMessage).toBe("");
  });

  it.each(statuses)("answers %d without a body is reported without text", async (status, failure) => {
    const server = await hostile((e) => e.answer({ status }));
    const error = await expectStatusFailure(clientOf(way, server.url), failure);
    expect(error).toMatchObject({ httpStatus: status });
    expect(error.message).not.toContain("words");
    if (error instanceof SequencerError) expect(error.sequencerMessage).toBe("");
  });

  it("registered the intent, but not its webhook, is reported as such", async () => {
    const webhook = { url: "https://shop.example.com/paid" };
    const rows: readonly (readonly [(exchange: Exchange) => unknown, string, string])[] = [
      [(e) => e.answer(reply(family, Buffer.from([0x08, 4]), {})), "webhook_refused", "invalid url"],
      [(e) => e.answer(reply(family, Buffer.from([0x08, 2]), {})), "webhook_refused", "request not found"],
      [
        (e) => e.answer(refusalAnswer(family, "invalid_argument", "url is off")),
        "webhook_refused",
        "url is off",
      ],
      [(e) => e.answer({ status: 404 }), "webhook_refused", ""],
      [(e) => e.answer(refusalAnswer(family, "permission_denied", "")), "webhook_refused", ""],
    ];
    for (const [answer, code, words] of rows) {
      const server = await hostile((e) =>
        e.method === "RegisterWebhook" ? answer(e) : e.answer(rightAnswer(e)),
      );
      const error = await failureOf(clientOf(way, server.url).paymentIntents.create({ ...order, webhook }));
      expect(error).toMatchObject({ code, retryable: false, sequencerMessage: words });
      expect(error.message).toMatch(/^webhook\.url: the intent is registered, but its webhook is not/);
    }
  });

  it.each([
    ["cuts the connection", (e: Exchange) => e.cut()],
    ["is redirected", (e: Exchange) => e.answer({ status: 307, headers: { location: "/" } })],
    [
      "is over its limit",
      (e: Exchange) => e.answer(refusalAnswer(family, "resource_exhausted", "slow down")),
    ],
    ["answers with an unknown result", (e: Exchange) => e.answer(reply(family, Buffer.from([0x08, 9]), {}))],
  ])("registered the intent and %s at its webhook may have stored the intent", async (_, answer) => {
    const webhook = { url: "https://shop.example.com/paid" };
    const server = await hostile((e) =>
      e.method === "RegisterWebhook" ? answer(e) : e.answer(rightAnswer(e)),
    );
    const error = await failureOf(clientOf(way, server.url).paymentIntents.create({ ...order, webhook }));
    expect(error).toBeInstanceOf(RegistrationUnknownError);
  });

  it("already has a webhook causes a warning, unless an earlier response was lost", async () => {
    const webhook = { url: "https://shop.example.com/paid/hunter2" };
    let cuts = 0;
    const server = await hostile((e) => {
      if (e.method !== "RegisterWebhook") e.answer(rightAnswer(e));
      else if (cuts-- > 0) e.cut();
      else e.answer(reply(family, Buffer.from([0x08, 1]), {}));
    });
    const warnings: string[] = [];
    const logger = { warn: (text: string) => warnings.push(text) };
    const code = clientOf(way, server.url, { logger, retry: { initialDelayMs: 1 } });
    const intent = await code.paymentIntents.create({ ...order, webhook });
    expect(server.exchanges.map(({ method }) => method)).toEqual(["SendMessage", "RegisterWebhook"]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(intent.id);
    expect(warnings[0]).not.toContain("hunter2");
    expect(warnings[0]).not.toContain(intent.clientSecret);
    cuts = 1;
    await code.paymentIntents.create({ ...order, webhook });
    expect(warnings).toHaveLength(1);
  });

  it("was paid between the message and the webhook is reported as registered without a webhook", async () => {
    const webhook = { url: "https://shop.example.com/paid" };
    const server = await hostile((e) =>
      e.answer(e.method === "RegisterWebhook" ? reply(family, Buffer.from([0x08, 3]), {}) : rightAnswer(e)),
    );
    const error = await failureOf(clientOf(way, server.url).paymentIntents.create({ ...order, webhook }));
    expect(error).toMatchObject({
      code: "webhook_refused",
      message:
        "webhook.url: the intent is registered, but its webhook is not. " +
        "It was submitted before the webhook was registered. Its status reports this payment.",
      sequencerMessage: "client submitted intent",
      retryable: false,
    });
  });
});

describe.each(connectingWays.filter(({ family }) => family === "connect"))(
  "over $name, a server that",
  (way) => {
    it("was paid between two attempts has stored the request if only the first webhook call failed", async () => {
      const calls: string[] = [];
      const server = await hostile((e) => {
        calls.push(e.method);
        if (e.method === "RegisterWebhook")
          return e.answer({
            status: 503,
            headers: { "content-type": "application/json" },
            body: '{"code":"unavailable","message":"later"}',
          });
        if (calls.length === 1) return e.answer(rightAnswer(e));
        e.answer({
          status: 400,
          headers: { "content-type": "application/json" },
          body: '{"code":"invalid_argument","message":"client submitted intent"}',
        });
      });
      const webhook = { url: "https://shop.example.com/paid" };
      const error = await failureOf(
        clientOf(way, server.url, { retry: {} }).paymentIntents.create({ ...order, webhook }),
      );
      expect(calls).toEqual(["SendMessage", "RegisterWebhook", "SendMessage"]);
      expect(error).toMatchObject({ code: "webhook_refused", sequencerMessage: "client submitted intent" });
    });
  },
);

describe.each(connectingWays.filter((way) => way.family === "connect"))("over $name", (way) => {
  it("an empty response to GetStatus, without any flag, is an unknown intent and never a pending one", async () => {
    const server = await hostile((e) => e.answer({ headers: { "content-type": contentType(e.family) } }));
    const code = clientOf(way, server.url);
    await expectCreateFailure(code, malformed);
    expect((await code.paymentIntents.getStatus(destination)).state).toBe("unknown");
  });

  it("a JSON error with an unknown code is reported by its HTTP status", async () => {
    const body = '{"code":"teapot","message":"short and stout"}';
    const server = await hostile((e) =>
      e.answer({ status: 503, headers: { "content-type": "application/json" }, body }),
    );
    const error = await expectStatusFailure(clientOf(way, server.url), unavailable);
    expect(error.message).toContain("short and stout");
  });
});

describe.each(connectingWays.filter(({ family }) => family === "grpc" || family === "grpc-web"))(
  "over $name, a response",
  (way) => {
    const message = envelope(statusBytes(true, false, false));
    const answer =
      (text: string, body: Buffer = message) =>
      (e: Exchange) =>
        e.family === "grpc"
          ? e.answer({
              headers: { "content-type": contentType("grpc") },
              body,
              trailers: Object.fromEntries(
                text
                  .split("\r\n")
                  .flatMap((line) => (line === "" ? [] : [line.split(": ") as [string, string]])),
              ),
            })
          : e.answer({
              headers: { "content-type": contentType("grpc-web") },
              body: Buffer.concat([body, envelope(text, 0x80)]),
            });

    it.each([
      ["without a grpc-status", "x: y\r\n", malformed],
      ["with a grpc-status that is no number", "grpc-status: banana\r\n", malformed],
      ["with an unknown grpc-status", "grpc-status: 99\r\n", malformed],
      ["with a negative grpc-status", "grpc-status: -1\r\n", malformed],
      ["with words that are not percent-encoded", "grpc-status: 3\r\ngrpc-message: 100% no\r\n", malformed],
      ["with an error after the message", "grpc-status: 13\r\n", failed],
      ["with a refusal after the message", "grpc-status: 7\r\n", refused("permission_denied")],
    ] as const)("%s is not a success", async (_, text, failure) => {
      const server = await hostile(answer(text));
      await expectStatusFailure(clientOf(way, server.url), failure);
    });

    it.each([
      ["without a message", Buffer.alloc(0)],
      ["with two messages", Buffer.concat([message, message])],
      ["with half a message", message.subarray(0, -1)],
      ["with half a head", message.subarray(0, 3)],
      ["with an envelope of a gigabyte", Buffer.from([0, 0x40, 0, 0, 0])],
      [
        "with a compressed message that was not announced",
        envelope(gzipSync(statusBytes(true, false, false)), 1),
      ],
    ])("%s is not a success", async (_, body) => {
      const server = await hostile(answer("grpc-status: 0\r\n", body));
      const error = await failureOf(clientOf(way, server.url).paymentIntents.getStatus(destination));
      expect(["malformed_response", "response_too_large"]).toContain(error.code);
      expect(error).toMatchObject({ mayHaveArrived: true });
    });

    it("with its error only in the headers is reported", async () => {
      const headers = {
        "content-type": contentType(way.family),
        "grpc-status": "3",
        "grpc-message": "client submitted intent",
      };
      const server = await hostile((e) => e.answer({ headers }));
      const error = await failureOf(clientOf(way, server.url).paymentIntents.create(order));
      expect(error.code).toBe("already_submitted");
    });

    it("that is truncated before its trailers is not a success", async () => {
      const server = await hostile((e) =>
        e.answer({ headers: { "content-type": contentType(way.family) }, body: message }),
      );
      await expectStatusFailure(clientOf(way, server.url), malformed);
    });
  },
);

describe.each(http2Ways)("over $name, a stream", (way) => {
  it.each([0, 1, 2, 5, 7, 8, 11, 13])(
    "that is reset with code %d in its body has no response",
    async (code) => {
      // The flag `exists` of a status with further flags. If it counted as complete, a paid intent would appear
      // pending.
      const bytes = statusBytes(true, false, false);
      const body = way.family === "connect" ? bytes : envelope(bytes);
      const server = await startCutting(code, { contentType: contentType(way.family), body });
      cleanups.push(() => server.close());
      await expectStatusFailure(clientOf(way, server.url), unavailable);
    },
  );

  it.each([0, 5, 8])(
    "that is reset with code %d instead of a response ends the call at once",
    async (code) => {
      const server = await startCutting(code);
      cleanups.push(() => server.close());
      await expectCreateFailure(clientOf(way, server.url, { timeoutMs: 60_000 }), unavailable);
    },
  );

  it("to a server with only HTTP/1.1 fails, even if the client is closed at once", async () => {
    const server = http.createServer((_, response) => response.end("hello"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    for (let round = 0; round < 5; round++) {
      const code = clientOf(way, `http://127.0.0.1:${port}`);
      const error = await failureOf(code.paymentIntents.getStatus(destination));
      await code.close();
      expect(error.code).toBe("unavailable");
    }
  });
});
