import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Emulator } from "../../src/emulator/index.js";
import { Watch, type WatchContext } from "../../src/events/watch.js";
import type { CheckedWatchOptions } from "../../src/events/watch-options.js";
import {
  CodeClient,
  type CodeIntentsError,
  type ErrorCode,
  PaymentIntent,
  SequencerError,
  type SequencerErrorCode,
  TransportError,
  type TransportErrorCode,
  UnsupportedError,
} from "../../src/index.js";
import type { FetchFunction } from "../../src/sequencer/transports/types.js";
import { failureOf, order } from "../support/outcomes.js";

const intent = PaymentIntent.from(order);
const options: CheckedWatchOptions = {
  until: "submitted",
  intervalMs: 1,
  soleListener: false,
  timeoutMs: 60_000,
  signal: undefined,
  headers: {},
};

const refusals = {
  request_refused: 0,
  already_submitted: 0,
  webhook_refused: 0,
  intent_conflict: 0,
  unauthenticated: 0,
  permission_denied: 0,
  unimplemented: 0,
  resource_exhausted: 0,
  sequencer_failed: 0,
} satisfies Record<SequencerErrorCode, 0>;
const transportFailures = {
  unavailable: 0,
  deadline_exceeded: 0,
  aborted: 0,
  malformed_response: 0,
  response_too_large: 0,
  redirect_refused: 0,
  client_closed: 0,
} satisfies Record<TransportErrorCode, 0>;
const codesOf = <C extends string>(codes: Record<C, 0>) => Object.keys(codes) as C[];

/** Every code that a status check can throw, as an error of its class. */
const failures: readonly CodeIntentsError[] = [
  ...codesOf(refusals).map(
    (code) => new SequencerError(code, { message: "no", connectCode: "unknown", sequencerMessage: "no" }),
  ),
  ...codesOf(transportFailures).map((code) => new TransportError(code, { message: "no" })),
  new UnsupportedError("unsupported_by_protocol", "no"),
  new UnsupportedError("unsupported_by_runtime", "no"),
];

/** The codes in the table of docs/events.md that a failed status check can have. */
function documentedCodes(): string[] {
  const text = readFileSync(new URL("../../docs/events.md", import.meta.url), "utf8");
  const [, table = ""] = text.split("| code | why the watch must end |\n");
  const codes = table
    .slice(0, table.indexOf("\n\n"))
    .split("\n")
    .flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`(\w+)`/g)].map(([, code]) => code ?? ""));
  expect(codes.length).toBeGreaterThan(0);
  return codes;
}

/** Watches an intent whose first status check fails with `error`, and whose second one reports a payment. */
async function watchAfter(error: CodeIntentsError): Promise<string> {
  let checks = 0;
  const context: WatchContext = {
    logger: { warn() {} },
    headers: {},
    timeoutMs: 1_000,
    closed: new AbortController().signal,
    open: async () => ({ messages: undefined }),
    async getStatus() {
      if (++checks === 1) throw error;
      return { state: "submitted", exists: true, codeScanned: false, intentSubmitted: true };
    },
  };
  const watch = new Watch(context, intent, options);
  try {
    const { value } = await watch.next();
    return value?.type ?? "done";
  } catch (thrown) {
    if (thrown !== error) throw thrown;
    return "ended";
  } finally {
    await watch.return();
  }
}

describe("the codes that end a watch", () => {
  it.each(failures.map((error) => [error.code, error] as const))(
    "include %s only if docs/events.md lists it",
    async (code, error) => {
      const expected = documentedCodes().includes(code) ? "ended" : "submitted";
      expect(await watchAfter(error)).toBe(expected);
    },
  );

  it("in docs/events.md are codes of a failed check, or of a timeout that the caller set", () => {
    const timeouts: ErrorCode[] = [
      "payment_timeout",
      "login_timeout",
      "webhook_unconfirmed",
      "payment_rejected",
      "login_rejected",
    ];
    const known = new Set<string>([...failures.map(({ code }) => code), ...timeouts]);
    expect(documentedCodes().filter((code) => !known.has(code))).toEqual([]);
  });
});

describe("a single stray response to the status check", () => {
  it.each<[string, () => Response]>([
    ["a 400", () => new Response("bad request", { status: 400 })],
    ["a 401", () => new Response("log in", { status: 401 })],
    [
      "a 403 of a proxy",
      () => new Response("<h1>no</h1>", { status: 403, headers: { "content-type": "text/html" } }),
    ],
    ["a 404", () => new Response("not found", { status: 404 })],
    ["a 405", () => new Response("", { status: 405 })],
    ["a 410", () => new Response("", { status: 410 })],
    ["a 422", () => new Response("", { status: 422 })],
    [
      "a redirect",
      () => new Response(null, { status: 302, headers: { location: "https://login.example/" } }),
    ],
    ["a 501", () => new Response("", { status: 501 })],
    [
      "a page with status 200",
      () => new Response("<h1>maintenance</h1>", { headers: { "content-type": "text/html" } }),
    ],
  ])("is an outage if it is %s, and the payment is reported", async (_, stray) => {
    await using emulator = await Emulator.start();
    for (const protocol of ["rest", "envelope"] as const) {
      const warnings: string[] = [];
      let strays = 0;
      const fetch: FetchFunction = async (url, init) => {
        const isStatus = /getStatus|v1\/api/.test(String(url));
        if (isStatus && strays < 2) {
          strays++;
          return stray() as Awaited<ReturnType<FetchFunction>>;
        }
        return globalThis.fetch(url, init as RequestInit) as ReturnType<FetchFunction>;
      };
      await using registering = new CodeClient({ baseUrl: emulator.url, protocol });
      await using watching = new CodeClient({
        baseUrl: emulator.url,
        protocol,
        fetch,
        retry: false,
        logger: { warn: (line) => warnings.push(line) },
      });
      const created = await registering.paymentIntents.create(order);
      const waiting = watching.paymentIntents.waitForPayment(created, { intervalMs: 10, timeoutMs: 60_000 });
      // The payer pays after the outage began.
      await expect.poll(() => strays).toBe(2);
      await emulator.wallet.pay(created);
      expect(await waiting).toMatchObject({ type: "submitted" });
      expect(warnings[0]).toContain("continues to check");
    }
  });

  it("is the cause of the timeout if it repeats until then", async () => {
    await using emulator = await Emulator.start();
    const fetch: FetchFunction = async () =>
      new Response("no", { status: 404 }) as Awaited<ReturnType<FetchFunction>>;
    await using code = new CodeClient({
      baseUrl: emulator.url,
      protocol: "rest",
      fetch,
      logger: { warn() {} },
    });
    const waiting = code.paymentIntents.waitForPayment(intent, { intervalMs: 10, timeoutMs: 300 });
    expect(await failureOf(waiting)).toMatchObject({
      code: "payment_timeout",
      cause: { code: "unimplemented" },
    });
  });
});
