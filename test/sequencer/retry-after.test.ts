import { afterEach, describe, expect, it } from "vitest";
import { CodeClient, type CodeClientOptions, RegistrationUnknownError } from "../../src/index.js";
import { retryAfterMsOf } from "../../src/sequencer/retry-after.js";
import { transports } from "../../src/sequencer/transports/node.js";
import {
  type Exchange,
  type HostileServer,
  refusalAnswer,
  rightAnswer,
  startHostile,
} from "../support/hostile-servers.js";
import { type ConnectingWay, connectingWays, destination, failureOf, order } from "../support/outcomes.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const day = 86_400_000;

describe("Retry-After", () => {
  const read = (text: string, date?: string) =>
    retryAfterMsOf(new Headers({ "retry-after": text, ...(date && { date }) }));
  const date = "Sun, 06 Nov 1994 08:49:37 GMT";

  it.each([
    ["0", 0],
    ["2", 2_000],
    [" 120 ", 120_000],
    ["1.5", 1_500],
    ["86400", day],
  ])("reads %j seconds", (text, ms) => {
    expect(read(text)).toBe(ms);
  });

  it.each(["Sun, 06 Nov 1994 08:49:40 GMT", "Sunday, 06-Nov-94 08:49:40 GMT", "Sun Nov  6 08:49:40 1994"])(
    "reads the date %s against the date of the response",
    (text) => {
      expect(read(text, date)).toBe(3_000);
    },
  );

  it("reads a date against the local clock if the response has none", () => {
    const ms = read(new Date(Date.now() + 3_600_000).toUTCString()) ?? 0;
    expect(ms).toBeGreaterThan(3_500_000);
    expect(ms).toBeLessThanOrEqual(3_600_000);
    expect(read(date)).toBe(0);
  });

  it("reads a date in the past as no delay", () => {
    expect(read("Sat, 05 Nov 1994 08:49:37 GMT", date)).toBe(0);
  });

  it.each(["86401", "9".repeat(400), "Fri, 31 Dec 9999 23:59:59 GMT"])("limits %.30s to a day", (text) => {
    expect(read(text)).toBe(day);
  });

  it.each([
    "",
    "-1",
    "NaN",
    "Infinity",
    "1e9",
    "0x10",
    "2, 5",
    "soon",
    "1994-11-06",
    "Sun, 99 Foo 1994 08:49:37 GMT",
    "x".repeat(100_000),
  ])("ignores %.30j", (text) => {
    expect(read(text)).toBeUndefined();
  });

  it("is undefined if it is absent", () => {
    expect(retryAfterMsOf(new Headers())).toBeUndefined();
  });
});

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

async function serve(handle: (exchange: Exchange) => unknown) {
  const server = await startHostile(handle);
  cleanups.push(() => server.close());
  return server;
}

describe.each(connectingWays)("over $name", (way) => {
  const statuses = [429, 503] as const;

  it.each<[string, number, () => string]>([
    ["429 and seconds", 429, () => "1"],
    ["503 and seconds", 503, () => "1"],
    ["429 and a date", 429, () => new Date(Date.now() + 2_000).toUTCString()],
  ])("a call waits after %s, and then succeeds", async (_, status, retryAfter) => {
    let first: number | undefined;
    const server: HostileServer = await serve((exchange): void => {
      first ??= performance.now();
      if (performance.now() - first < 900)
        exchange.answer({ status, headers: { "retry-after": retryAfter() } });
      else exchange.answer(rightAnswer(exchange));
    });
    // Without the wait, both attempts fail.
    const code = clientOf(way, server.url, { retry: { maxAttempts: 2, initialDelayMs: 1 } });
    await code.paymentIntents.create(order);
    expect(server.exchanges).toHaveLength(2);
  });

  it.each(statuses)("a call fails at once if %d asks for more time than its deadline", async (status) => {
    const server = await serve((e) => e.answer({ status, headers: { "retry-after": "3600" } }));
    const code = clientOf(way, server.url);
    const created = await failureOf(code.paymentIntents.create(order));
    expect(created).toMatchObject({ retryable: true, retryAfterMs: 3_600_000 });
    // Of a 503, a proxy can have forwarded the call.
    expect(created instanceof RegistrationUnknownError).toBe(status === 503);
    expect(JSON.parse(JSON.stringify(created))).toMatchObject({ retryAfterMs: 3_600_000 });
    const error = await failureOf(code.paymentIntents.getStatus(destination));
    expect(error).toMatchObject({ retryable: true, retryAfterMs: 3_600_000, httpStatus: status });
    expect(server.exchanges).toHaveLength(2);
  });

  it("an error of the protocol carries Retry-After, too", async () => {
    const server = await serve((exchange) => {
      const answer = refusalAnswer(exchange.family, "resource_exhausted", "slow down");
      exchange.answer({ ...answer, headers: { ...answer.headers, "retry-after": "7" } });
    });
    const code = clientOf(way, server.url, { retry: false });
    const error = await failureOf(code.paymentIntents.getStatus(destination));
    expect(error).toMatchObject({
      code: "resource_exhausted",
      sequencerMessage: "slow down",
      retryAfterMs: 7_000,
    });
  });

  it.each(["-5", "NaN", "soon"])("an unusable Retry-After of %s is ignored", async (text) => {
    const server = await serve((exchange) =>
      exchange.number === 1
        ? exchange.answer({ status: 429, headers: { "retry-after": text } })
        : exchange.answer(rightAnswer(exchange)),
    );
    await clientOf(way, server.url, { retry: { initialDelayMs: 1 } }).paymentIntents.create(order);
    const failing = await serve((e) => e.answer({ status: 429, headers: { "retry-after": text } }));
    const code = clientOf(way, failing.url, { retry: false });
    expect(await failureOf(code.paymentIntents.create(order))).not.toHaveProperty("retryAfterMs");
  });

  it("a signal ends the wait", async () => {
    const server = await serve((e) => e.answer({ status: 429, headers: { "retry-after": "30" } }));
    const controller = new AbortController();
    const code = clientOf(way, server.url);
    const running = failureOf(code.paymentIntents.getStatus(destination, { signal: controller.signal }));
    await expect.poll(() => server.exchanges.length).toBe(1);
    setTimeout(() => controller.abort("mine"), 20);
    expect(await running).toMatchObject({ code: "aborted" });
  });
});

it("a refused WebSocket carries Retry-After", async () => {
  const server = await serve((e) => e.answer({ status: 503, headers: { "retry-after": "9" } }));
  const opener = await transports.socketOpener(undefined);
  cleanups.push(() => opener.close());
  const error = await new Promise((resolve) => {
    opener.open(server.url.replace("http", "ws"), {}, { onOpen() {}, onFrame() {}, onEnd: resolve });
  });
  expect(error).toMatchObject({ code: "unavailable", retryAfterMs: 9_000, httpStatus: 503 });
});
