import { afterAll, afterEach, describe, expect, it } from "vitest";
import type { Emulator } from "../../src/emulator/index.js";
import {
  CodeClient,
  type CodeIntentsError,
  PaymentIntent,
  type PaymentIntentOptions,
} from "../../src/index.js";
import { cleanUp, later } from "../support/emulated.js";
import {
  closedPort,
  type Exchange,
  type HostileServer,
  refusalAnswer,
  reply,
  rightAnswer,
  startHostile,
} from "../support/hostile-servers.js";
import { expectRegistrationUnknown, failureOf, until } from "../support/outcomes.js";
import { account } from "../support/payment.js";
import { startOfficial } from "./official-process.js";
import { type Created, details, login, order, paymentOf, statuses, url } from "./orders.js";
import { startSequencer, stored, stranger, verifier } from "./sequencer.js";

// For each failure: what the official client reports, what the sequencer really did, and what our client
// reports.

const official = startOfficial(new URL("./client-2.mjs", import.meta.url));
afterAll(() => official.close());
afterEach(cleanUp);

/** Returns our client at the same sequencer, over the same envelope. */
function ourClient({ url: baseUrl }: Pick<Emulator, "url">, retry?: false): CodeClient {
  const code = new CodeClient({
    baseUrl,
    protocol: "envelope",
    logger: { warn() {} },
    ...(retry === false ? { retry } : {}),
  });
  later(() => code.close());
  return code;
}

/** Creates a payment with our client from the same options. */
async function ourCreate(at: Pick<Emulator, "url">, options: PaymentIntentOptions): Promise<unknown> {
  return ourClient(at).paymentIntents.create(options);
}

/** Starts a server that answers every call in the same way. */
async function answering(
  handle: (exchange: Exchange) => unknown,
): Promise<HostileServer & { endpoint: string }> {
  const server = await startHostile(handle);
  later(() => server.close());
  return Object.assign(server, { endpoint: `${server.url}/v1` });
}

/** Returns the code and message of our error. */
function told({ code, message, ...error }: CodeIntentsError): string {
  const words = "sequencerMessage" in error ? String(error.sequencerMessage) : message;
  return `${code}: ${words}`;
}

const paymentLogin = (key: typeof verifier, domain = "example.com") => ({
  official: { login: { domain, verifier: key.publicKey }, signers: [key.seed] },
  ours: { login: { domain, verifier: key.secretKey } },
});

describe("official create that the sequencer refuses looks like a success", () => {
  it.each<[string, { official: object; ours?: object; told: string }]>([
    [
      "for an amount above the maximum",
      { official: { amount: 1000 }, told: "request_refused: usd currency has a maximum amount of 5.00" },
    ],
    [
      "for an amount below the minimum",
      { official: { amount: 0.01 }, told: "request_refused: usd currency has a minimum amount of 0.05" },
    ],
    [
      "for a negative amount",
      { official: { amount: -1 }, told: "invalid_option: amount: must be greater than zero, at least 0.01" },
    ],
    [
      "for a currency without limits",
      { official: { currency: "stn" }, told: "request_refused: stn currency is not currently supported" },
    ],
    [
      "for fees above one half",
      {
        official: { fees: [1, 2].map((byte) => ({ destination: account(byte), basisPoints: 3000 })) },
        told: "request_refused: total fee percentage cannot exceed 5000 basis points",
      },
    ],
    [
      "for a verifier that the domain does not list",
      {
        ...paymentLogin(stranger),
        told: `permission_denied: ${stranger.publicKey} does not own domain example.com`,
      },
    ],
    [
      "for a domain in upper case",
      {
        ...paymentLogin(verifier, "Example.com"),
        told: "invalid_option: login.domain: must be in lower case: example.com",
      },
    ],
  ])("%s", async (_, { official: theirs, ours = theirs, told: words }) => {
    const { emulator, endpoint } = await startSequencer();
    const created = await official.value<Created>("paymentIntents.create", { ...order, ...theirs, endpoint });
    expect(Object.keys(created).sort()).toEqual(["clientSecret", "id"]);
    expect(await stored(emulator, created.id)).toBeUndefined();
    const given = { ...details, ...ours } as unknown as PaymentIntentOptions;
    expect(told(await failureOf(ourCreate(emulator, given)))).toBe(words);
  });

  it("for a login", async () => {
    const { emulator, endpoint } = await startSequencer();
    const { official: theirs, ours } = paymentLogin(stranger);
    const created = await official.value<Created>("loginIntents.create", {
      mode: "login",
      ...theirs,
      endpoint,
    });
    expect(await stored(emulator, created.id)).toBeUndefined();
    const error = await failureOf(ourClient(emulator).loginIntents.create(ours));
    expect(error.code).toBe("permission_denied");
  });

  it("for another account with the same idempotency key: the first account is paid", async () => {
    const { emulator, endpoint } = await startSequencer();
    const options = { ...order, idempotencyKey: "order-1042", endpoint };
    const first = await official.value<Created>("paymentIntents.create", options);
    const other = { ...options, destination: account(9) };
    expect(await official.value("paymentIntents.create", other)).toEqual(first);
    expect((await stored(emulator, first.id))?.requested?.destination).toBe(order.destination);
    const { mode: _, endpoint: __, ...given } = other;
    const error = await failureOf(ourCreate(emulator, given));
    expect(told(error)).toBe("intent_conflict: destination mismatches original request");
  });

  it("for an order that is already paid", async () => {
    const { emulator, endpoint } = await startSequencer();
    const options = { ...order, idempotencyKey: "order-1042", endpoint };
    const created = await official.value<Created>("paymentIntents.create", options);
    await emulator.wallet.pay(paymentOf(created));
    const { messages } = (await stored(emulator, created.id)) ?? {};
    expect(await official.value("paymentIntents.create", options)).toEqual(created);
    expect((await stored(emulator, created.id))?.messages).toEqual(messages);
    const error = await failureOf(ourClient(emulator).paymentIntents.create(paymentOf(created)));
    expect(error.code).toBe("already_submitted");
  });

  it("with the result NO_ACTIVE_STREAM", async () => {
    const noActiveStream = reply("envelope", Uint8Array.of(0x08, 1), {});
    const server = await answering((exchange) => exchange.answer(noActiveStream));
    const { endpoint } = server;
    expect(
      Object.keys(await official.value<Created>("paymentIntents.create", { ...order, endpoint })),
    ).toEqual(["clientSecret", "id"]);
    expect((await failureOf(ourCreate(server, details))).code).toBe("request_refused");
  });
});

describe("official webhook registration", () => {
  it("throws after the request was stored if the webhook is refused with it", async () => {
    const { emulator, endpoint } = await startSequencer();
    const options = { clientSecret: "uqM86tVJL9rhqS", webhook: { url: "https://example.com:8443/paid" } };
    expect(await official.error("paymentIntents.create", { ...order, ...options, endpoint })).toBe(
      "Error: Unable to register webhook: invalid_url",
    );
    const intent = PaymentIntent.fromClientSecret({ ...details, ...options });
    const { requested, webhook } = (await stored(emulator, intent.id)) ?? {};
    expect([requested?.nativeAmount, webhook]).toEqual([1, undefined]);
    const error = await failureOf(ourClient(emulator).paymentIntents.create(intent));
    expect(error.code).toBe("webhook_refused");
  });

  it("looks successful but is lost if the sequencer cannot parse the URL", async () => {
    const { emulator, endpoint } = await startSequencer();
    const options = { ...order, webhook: { url: "ftp://example.com/paid" }, endpoint };
    const { id } = await official.value<Created>("paymentIntents.create", options);
    expect((await stored(emulator, id))?.webhook).toBeUndefined();
    const again = { intent: id, url: "ftp://example.com/paid", endpoint };
    expect(await official.value("webhook.register", again)).toEqual({ success: true, message: "ok" });
    expect((await stored(emulator, id))?.webhook).toBeUndefined();
    const code = ourClient(emulator);
    expect(told(await failureOf(code.webhooks.register({ intent: id, url: again.url })))).toMatch(
      /^invalid_option: url: /,
    );
  });

  it("looks successful if no sequencer registered it", async () => {
    const server = await answering((exchange) => exchange.answer(refusalAnswer("envelope", "internal", "")));
    const asked = { intent: account(1), url };
    expect(await official.value("webhook.register", { ...asked, endpoint: server.endpoint })).toEqual({
      success: true,
      message: "ok",
    });
    const error = await failureOf(ourClient(server, false).webhooks.register(asked));
    expect(error.code).toBe("sequencer_failed");
  });

  it("reports an unknown result if the sequencer sends one", async () => {
    const server = await answering((exchange) => exchange.answer(reply("envelope", Uint8Array.of(8, 9), {})));
    const asked = { intent: account(1), url };
    expect(await official.value("webhook.register", { ...asked, endpoint: server.endpoint })).toEqual({
      success: false,
      message: "unknown",
    });
    const error = await failureOf(ourClient(server, false).webhooks.register(asked));
    expect(error.code).toBe("malformed_response");
  });
});

describe("official getStatus", () => {
  it.each(["unauthenticated", "internal", "unavailable"] as const)(
    "reports a payment as unpaid if the call failed with %s",
    async (code) => {
      const server = await answering((exchange) => exchange.answer(refusalAnswer("envelope", code, "no")));
      const { endpoint } = server;
      const intent = account(1);
      expect(await official.value("paymentIntents.getStatus", { intent, endpoint })).toEqual(
        statuses.unknown,
      );
      const error = await failureOf(ourClient(server, false).paymentIntents.getStatus(intent));
      expect(error).toMatchObject({ connectCode: code });
    },
  );

  it("reports an unregistered intent as pending", async () => {
    const { emulator, endpoint } = await startSequencer();
    const status = await official.value("paymentIntents.getStatus", { intent: account(1), endpoint });
    expect(status).toEqual(statuses.unknown);
    expect((await ourClient(emulator).paymentIntents.getStatus(account(1))).state).toBe("unknown");
  });
});

describe("official getUserId", () => {
  it("returns undefined for every reason, and our client returns the reason", async () => {
    const { emulator, endpoint } = await startSequencer();
    const code = ourClient(emulator);
    const paymentOnly = await official.value<Created>("paymentIntents.create", { ...order, endpoint });
    const nobodyYet = await official.value<Created>("loginIntents.create", {
      mode: "login",
      login,
      signers: [verifier.seed],
      endpoint,
    });
    for (const [intent, reason] of [
      [account(1), "request_not_found"],
      [paymentOnly.id, "login_not_supported"],
      [nobodyYet.id, "no_user_logged_in"],
    ] as const) {
      const question = { intent, verifier: verifier.seed, endpoint };
      expect(await official.value("loginIntents.getUserId", question)).toEqual({ userId: undefined });
      const answer = await code.loginIntents.getUserId({ intent, verifier: verifier.secretKey });
      expect(answer).toEqual({ userId: undefined, reason });
    }
  });

  it("returns undefined for a verifier that the domain does not list, even if a user logged in", async () => {
    const { emulator, endpoint } = await startSequencer();
    const options = { mode: "login", login, signers: [verifier.seed], endpoint };
    const { id } = await official.value<Created>("loginIntents.create", options);
    await emulator.wallet.login(id);
    const question = { intent: id, verifier: stranger.seed, endpoint };
    expect(await official.value("loginIntents.getUserId", question)).toEqual({ userId: undefined });
    const asked = { intent: id, verifier: stranger.secretKey };
    expect(told(await failureOf(ourClient(emulator).loginIntents.getUserId(asked)))).toBe(
      `unauthenticated: ${stranger.publicKey} does not own the domain for the login`,
    );
  });
});

describe("official transport", () => {
  it("always calls the global fetch, even if another fetch is passed", async () => {
    const { emulator, endpoint } = await startSequencer();
    const { created, calls } = await official.value<{ created: Created; calls: number }>("createByFetch", {
      ...order,
      endpoint,
    });
    expect(calls).toBe(0);
    expect(await stored(emulator, created.id)).toBeDefined();
    let ours = 0;
    const fetch: typeof globalThis.fetch = (...args) => {
      ours++;
      return globalThis.fetch(...args);
    };
    const code = new CodeClient({ baseUrl: emulator.url, protocol: "envelope", fetch });
    later(() => code.close());
    await code.paymentIntents.create(paymentOf(created));
    expect(ours).toBe(1);
  });

  it("tries once and drops the text of an HTTP error, and our client retries", async () => {
    const busyOnce = (exchange: Exchange) =>
      exchange.answer(
        exchange.number === 1 ? { status: 503, body: "in maintenance" } : rightAnswer(exchange),
      );
    const first = await answering(busyOnce);
    expect(await official.error("paymentIntents.create", { ...order, endpoint: first.endpoint })).toBe(
      "Error: Request failed with status code 503",
    );
    expect(first.exchanges).toHaveLength(1);
    const second = await answering(busyOnce);
    await ourClient(second).paymentIntents.create(details);
    expect(second.exchanges).toHaveLength(2);
  });

  it("throws a network error if the port is closed", async () => {
    const port = await closedPort();
    const endpoint = `http://127.0.0.1:${port}/v1`;
    expect(await official.error("paymentIntents.create", { ...order, endpoint })).toBe(
      "Error: Network error TypeError: fetch failed",
    );
    const code = ourClient({ url: endpoint }, false);
    expect((await failureOf(code.paymentIntents.create(details))).code).toBe("unavailable");
  });

  it("waits indefinitely for a response, and our client times out with registration_unknown", async () => {
    const server = await answering(() => {});
    const theirs = official.outcome("paymentIntents.create", { ...order, endpoint: server.endpoint });
    let ended = false;
    void theirs.then(() => {
      ended = true;
    });
    const code = ourClient(server);
    const intent = code.paymentIntents.build(details);
    const error = await failureOf(code.paymentIntents.create(intent, { timeoutMs: 1_000 }));
    expect(expectRegistrationUnknown(error, intent).code).toBe("deadline_exceeded");
    await until(() => server.exchanges.length === 2);
    expect(ended).toBe(false);
    server.dropConnections();
    expect((await theirs).error?.message).toMatch(/^Network error /);
  });
});

describe("official client", () => {
  it.each([
    [
      "getStatus without an intent",
      "paymentIntents.getStatus",
      { intent: "" },
      "Error: Intent ID is required",
    ],
    ["getStatus of an invalid id", "paymentIntents.getStatus", { intent: "abc" }, "Error: invalid address"],
    ["register without an intent", "webhook.register", { intent: "", url }, "Error: Intent ID is required"],
    ["register without a URL", "webhook.register", { intent: account(1), url: "" }, "Error: URL is required"],
    ["register for an invalid id", "webhook.register", { intent: "abc", url }, "Error: invalid address"],
    [
      "getUserId without an intent",
      "loginIntents.getUserId",
      { intent: "", verifier: verifier.seed },
      "Error: invalid address",
    ],
    [
      "getUserId without a verifier",
      "loginIntents.getUserId",
      { intent: account(1) },
      "TypeError: Cannot read properties of undefined (reading 'getPublicKey')",
    ],
    [
      "a login without a signer",
      "loginIntents.create",
      { mode: "login", login },
      "Error: login verifier is required",
    ],
    [
      "a payment with a login and no signer",
      "paymentIntents.create",
      { ...order, login },
      "Error: login verifier is required",
    ],
    [
      "an invalid account",
      "paymentIntents.create",
      { ...order, destination: "abc" },
      "Error: invalid address",
    ],
  ])("rejects before sending: %s", async (_, name, options, words) => {
    const server = await answering((exchange) => exchange.answer(rightAnswer(exchange)));
    expect(await official.error(name, { ...options, endpoint: server.endpoint })).toBe(words);
    expect(server.exchanges).toHaveLength(0);
  });
});
