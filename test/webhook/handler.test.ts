import { describe, expect, it } from "vitest";
import {
  createWebhookUrl,
  memoryOnceStore,
  type OnceOutcome,
  type OnceStore,
  type WebhookContext,
  type WebhookExpect,
  type WebhookHandlerOptions,
  webhookHandler,
} from "../../src/webhook/index.js";
import { expectRefusal } from "../support/refusal.js";
import {
  gate,
  header,
  intent,
  loginToken,
  otherIntent,
  otherSeed,
  paidToken,
  publicKey,
  signText,
  user,
  webhookRequest,
} from "./support.js";

type Claims = { readonly kind: string; readonly intent?: string; readonly user?: string };

function receiver<Expect extends WebhookExpect = typeof intent>(
  changes: Partial<WebhookHandlerOptions<Expect>> = {},
) {
  const fulfilled: Claims[] = [];
  const contexts: WebhookContext[] = [];
  const lines: string[] = [];
  const errors: unknown[] = [];
  const options = {
    publicKey,
    expect: intent,
    store: memoryOnceStore(),
    fulfil(claims: Claims, context: WebhookContext) {
      fulfilled.push(claims);
      contexts.push(context);
    },
    logger: { warn: (line: string) => lines.push(line) },
    onError: (error: unknown) => errors.push(error),
    ...changes,
  };
  const handler = webhookHandler(options as never as WebhookHandlerOptions<Expect>);
  return { handler, fulfilled, contexts, lines, errors };
}

async function answerOf(response: Response | Promise<Response>): Promise<[number, string]> {
  const answer = await response;
  return [answer.status, await answer.text()];
}

describe("webhookHandler response", () => {
  it("is 200 after the order is fulfilled, and 200 without fulfilling it again", async () => {
    const { handler, fulfilled, lines } = receiver();
    const response = await handler(webhookRequest());
    expect(response).toBeInstanceOf(Response);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await answerOf(response)).toEqual([200, "ok"]);
    expect(await answerOf(handler(webhookRequest()))).toEqual([200, "ok"]);
    expect(fulfilled).toHaveLength(1);
    expect(fulfilled[0]).toMatchObject({
      kind: "payment",
      bound: true,
      intent: intent.id,
      quarks: 25_000_000_000n,
    });
    expect(lines).toEqual([]);
  });

  it.each<[number, string, () => Request]>([
    [400, "webhook_malformed", () => webhookRequest("not a token")],
    [400, "webhook_malformed", () => webhookRequest(null)],
    [400, "webhook_malformed", () => webhookRequest(signText(header, "{"))],
    [400, "webhook_mismatch", () => webhookRequest(paidToken({ intent: otherIntent.id }))],
    [400, "webhook_mismatch", () => webhookRequest(paidToken({ amount: 0.01 }))],
    [400, "webhook_not_bound", () => webhookRequest(loginToken)],
    [401, "webhook_signature_invalid", () => webhookRequest(paidToken({}, otherSeed))],
    [401, "webhook_algorithm_refused", () => webhookRequest(signText('{"alg":"none"}', "{}"))],
    [405, "webhook_wrong_method", () => webhookRequest(null, { method: "GET" })],
    [405, "webhook_wrong_method", () => webhookRequest(paidToken(), { method: "PUT" })],
    [413, "webhook_too_large", () => webhookRequest("a".repeat(20_000))],
    [415, "webhook_wrong_content_type", () => webhookRequest(paidToken(), { type: "application/json" })],
  ])("is %s for %s, and only the log names the code", async (status, code, request) => {
    const { handler, fulfilled, lines, errors } = receiver();
    const response = await handler(request());
    expect(response.headers.get("allow")).toBe(status === 405 ? "POST" : null);
    expect(await answerOf(response)).toEqual([status, "refused"]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`responded with ${status}, ${code}: `);
    expect([fulfilled, errors]).toEqual([[], []]);
  });

  it("is 400 for an intent that the lookup does not find", async () => {
    const { handler, lines } = receiver({ expect: () => undefined } as never);
    expect(await answerOf(handler(webhookRequest()))).toEqual([400, "refused"]);
    expect(lines[0]).toContain("webhook_unknown_intent");
  });

  it("is 408 for a body that does not arrive", async () => {
    const body = new ReadableStream({ pull: () => new Promise(() => {}) });
    const { handler } = receiver({ timeoutMs: 50 } as never);
    expect(await answerOf(handler(webhookRequest(body)))).toEqual([408, "refused"]);
  });

  it("is 413 for a body that does not end, and cancels it", async () => {
    let cancelled = false;
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1000)),
      cancel() {
        cancelled = true;
      },
    });
    expect(await answerOf(receiver().handler(webhookRequest(body)))).toEqual([413, "refused"]);
    expect(cancelled).toBe(true);
  });

  it("is 409 while another delivery is in progress, then 200", async () => {
    const open = gate();
    let times = 0;
    const { handler } = receiver({
      fulfil: async () => {
        times++;
        await open.opened;
      },
    } as never);
    const first = handler(webhookRequest());
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await answerOf(handler(webhookRequest()))).toEqual([409, "busy"]);
    open.open();
    expect(await answerOf(first)).toEqual([200, "ok"]);
    expect(await answerOf(handler(webhookRequest()))).toEqual([200, "ok"]);
    expect(times).toBe(1);
  });

  it("is 500 if fulfil fails, and the next delivery tries again", async () => {
    let times = 0;
    const error = new TypeError("password=hunter2");
    const { handler, lines, errors } = receiver({
      fulfil: () => {
        if (++times === 1) throw error;
      },
    } as never);
    expect(await answerOf(handler(webhookRequest()))).toEqual([500, "failed"]);
    expect(errors).toEqual([error]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`failed to fulfil intent ${intent.id}: TypeError`);
    expect(lines[0]).not.toContain("hunter2");
    expect(await answerOf(handler(webhookRequest()))).toEqual([200, "ok"]);
    expect(times).toBe(2);
  });

  it("is 500, never 200, if complete fails", async () => {
    const store: OnceStore = { ...memoryOnceStore(), complete: () => Promise.reject(new Error("down")) };
    const { handler, fulfilled } = receiver({ store } as never);
    expect(await answerOf(handler(webhookRequest()))).toEqual([500, "failed"]);
    expect(await answerOf(handler(webhookRequest()))).toEqual([409, "busy"]);
    expect(fulfilled).toHaveLength(1);
  });

  it("is 500 if the lookup fails or returns a value that is not an order", async () => {
    for (const lookup of [
      () => Promise.reject(new Error("secret://db")),
      () => ({ ...intent, destination: "x" }),
    ]) {
      const { handler, errors, lines } = receiver({ expect: lookup } as never);
      expect(await answerOf(handler(webhookRequest()))).toEqual([500, "failed"]);
      expect(errors).toHaveLength(1);
      expect(lines.join()).not.toContain("secret");
    }
  });

  it("is 500 if other code consumed the body, and the log reports it", async () => {
    const request = webhookRequest();
    await request.text();
    const { handler, lines, errors } = receiver();
    expect(await answerOf(handler(request))).toEqual([500, "failed"]);
    expect(lines[0]).toContain("webhook_body_unavailable");
    expect(errors).toHaveLength(1);
  });
});

it("fulfils once for many concurrent deliveries", async () => {
  const { handler, fulfilled } = receiver({ expect: async () => intent } as never);
  const statuses = await Promise.all(
    Array.from({ length: 30 }, () => handler(webhookRequest()).then(({ status }) => status)),
  );
  expect(fulfilled).toHaveLength(1);
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(1);
  expect(statuses.every((status) => status === 200 || status === 409)).toBe(true);
});

it("fulfils again after a crash when the lease expires", async () => {
  let now = 0;
  const store = memoryOnceStore({ now: () => now });
  await store.claim(intent.id, 5_000); // by a process that crashed
  const { handler, fulfilled } = receiver({ store, leaseMs: 5_000 } as never);
  expect((await handler(webhookRequest())).status).toBe(409);
  now = 5_000;
  expect((await handler(webhookRequest())).status).toBe(200);
  expect(fulfilled).toHaveLength(1);
});

describe("webhookHandler with fulfilOnce", () => {
  const own = { store: undefined, fulfil: undefined };

  it.each<[OnceOutcome, number]>([
    ["fulfilled", 200],
    ["already", 200],
    ["busy", 409],
  ])("maps the outcome %s to status %s", async (outcome, status) => {
    const { handler } = receiver({ ...own, fulfilOnce: async () => outcome } as never);
    expect((await handler(webhookRequest())).status).toBe(status);
  });

  it("responds with 500 to an unknown outcome", async () => {
    for (const outcome of [undefined, null, true, "ok", "toString", {}]) {
      const { handler } = receiver({ ...own, fulfilOnce: () => outcome } as never);
      expect((await handler(webhookRequest())).status).toBe(500);
    }
  });
});

describe("webhookHandler for logins", () => {
  const token = "k3yE9vQ_-Zp0aB7cD2fG4hJ6";
  const url = createWebhookUrl("https://shop.example/login", { token });

  it("fulfils every delivery of a login and passes the path token that names the session", async () => {
    const { handler, fulfilled, contexts } = receiver({
      expect: { kind: "login" },
      pathToken: (found: string) => found === token,
    } as never);
    for (let i = 0; i < 2; i++) expect((await handler(webhookRequest(loginToken, { url }))).status).toBe(200);
    expect(fulfilled).toEqual([1, 2].map(() => ({ kind: "login", bound: false, user })));
    expect(contexts).toEqual([{ pathToken: token }, { pathToken: token }]);
  });

  it("responds with 401 to another path token and logs no token", async () => {
    const { handler, fulfilled, lines } = receiver({ expect: { kind: "login" }, pathToken: token } as never);
    expect((await handler(webhookRequest(loginToken, { url: `${url}x` }))).status).toBe(401);
    expect(fulfilled).toEqual([]);
    expect(lines.join()).toContain("webhook_wrong_path");
    expect(lines.join()).not.toContain(token);
  });
});

it("passes no path token if the options require none", async () => {
  const { handler, contexts } = receiver();
  await handler(webhookRequest());
  expect(contexts).toEqual([{ pathToken: undefined }]);
});

it("responds the same if the logger and the error tracker throw", async () => {
  const full = new Error("full disk");
  const breaks = () => {
    throw full;
  };
  for (const broken of [breaks, () => Promise.reject(full)]) {
    const { handler } = receiver({ fulfil: broken, logger: { warn: broken }, onError: broken } as never);
    expect((await handler(webhookRequest())).status).toBe(500);
  }
});

it("reports to the error tracker even if the logger throws", async () => {
  const error = new Error("no stock");
  const { handler, errors } = receiver({
    fulfil: () => Promise.reject(error),
    logger: {
      warn() {
        throw new Error("full disk");
      },
    },
  } as never);
  await handler(webhookRequest());
  expect(errors).toEqual([error]);
});

it("logs no token and no signature", async () => {
  const { handler, lines } = receiver();
  for (const token of [paidToken({}, otherSeed), paidToken({ amount: 1 }), loginToken, `${paidToken()}A`]) {
    await handler(webhookRequest(token));
    for (const part of token.split(".").slice(1)) expect(lines.join()).not.toContain(part);
  }
  expect(lines).toHaveLength(4);
});

it.each([
  ["no store", { store: undefined }, "missing_option", "store"],
  ["a store without release", { store: { claim() {}, complete() {} } }, "invalid_option", "store.release"],
  ["no fulfil function", { fulfil: undefined }, "missing_option", "fulfil"],
  ["both fulfil and fulfilOnce", { fulfilOnce: async () => "already" }, "conflicting_options", "fulfilOnce"],
  ["a fulfilOnce that is not a function", { fulfilOnce: 1 }, "invalid_option", "fulfilOnce"],
  ["a lease of zero", { leaseMs: 0 }, "invalid_option", "leaseMs"],
  ["no key", { publicKey: undefined }, "missing_option", "publicKey"],
  ["no expectation", { expect: undefined }, "missing_option", "expect"],
  [
    "an order without an amount",
    { expect: { ...otherIntent, amount: "" } },
    "missing_option",
    "expect.amount",
  ],
  ["a misspelled option", { fullfil() {} }, "unknown_option", "fullfil"],
] as const)("rejects %s at creation", (_, changes, code, field) => {
  expectRefusal(() => receiver(changes as never), code, field);
});
