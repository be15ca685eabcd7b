import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CodeClient, PaymentIntent } from "../../src/index.js";
import { signTestWebhook } from "../../src/webhook/index.js";
import { Checkout, destination, post, type Stage } from "./checkout-shop.js";

let checkout: Checkout;
let stage: Stage;
let shop: string;
beforeAll(async () => {
  checkout = await Checkout.install();
  stage = await checkout.open();
  shop = await stage.start();
});
afterAll(async () => {
  await stage?.[Symbol.asyncDispose]();
  await checkout?.remove();
});

const lines = [{ product: "sidamo", quantity: 2 }];
let keys = 0;
const nextKey = () => `order-key-of-a-test-${keys++}`;

function send(body: unknown, contentType = "application/json", at = shop): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return fetch(`${at}/api/orders`, { method: "POST", headers: { "content-type": contentType }, body: text });
}

async function order(orderKey = nextKey(), cart: unknown = lines): Promise<Record<string, unknown>> {
  const response = await send({ orderKey, lines: cart });
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

describe("an order", () => {
  test("stores every field that rebuilds its intent, at the shop's price", async () => {
    const placed = await order();
    expect(placed).toMatchObject({
      state: "open",
      amount: "2.40",
      currency: "usd",
      lines: [{ product: "sidamo", quantity: 2, name: "Sidamo", price: "1.20" }],
      sequencerUrl: stage.emulator.url,
      intent: { destination, fees: [], kind: "payment" },
    });
    expect(Number(placed.expiresAt) - Number(placed.now)).toBeGreaterThan(590_000);
    const { clientSecret } = placed.intent as { clientSecret: string };
    const intent = PaymentIntent.fromClientSecret({
      clientSecret,
      destination,
      amount: "2.40",
      currency: "usd",
    });
    expect(intent.id).toBe(placed.intentId);
  });

  test("is stored once, however often and concurrently it is sent with its key", async () => {
    const key = nextKey();
    const ids = (await Promise.all([order(key), order(key), order(key)])).map(({ id }) => id);
    expect(new Set([...ids, (await order(key)).id]).size).toBe(1);
  });

  test("is a new one under another key, with an opaque id", async () => {
    const [first, second] = [await order(), await order()];
    expect(first.id).not.toBe(second.id);
    expect(first.intentId).not.toBe(second.intentId);
    expect(first.id).toMatch(/^[\w-]{22}$/);
  });

  test("is rejected under the key of another basket", async () => {
    const key = nextKey();
    await order(key);
    const response = await send({ orderKey: key, lines: [{ product: "huila", quantity: 1 }] });
    expect(response.status).toBe(409);
  });

  test("discloses its client secret only until it is paid", async () => {
    const { id, intentId } = await order();
    await stage.emulator.wallet.pay(String(intentId));
    const answer = async () => (await (await fetch(`${shop}/api/orders/${id}`)).json()) as { state: string };
    await expect.poll(async () => (await answer()).state).toBe("paid");
    expect(await answer()).not.toHaveProperty("intent");
  });

  test.each([
    [
      "a price",
      { orderKey: "x".repeat(20), lines: [{ product: "sidamo", quantity: 1, price: "0.05" }] },
      400,
    ],
    ["an amount", { orderKey: "x".repeat(20), lines, amount: "0.05" }, 400],
    ["no lines", { orderKey: "x".repeat(20), lines: [] }, 400],
    ["a product twice", { orderKey: "x".repeat(20), lines: [...lines, ...lines] }, 400],
    ["half a bag", { orderKey: "x".repeat(20), lines: [{ product: "sidamo", quantity: 0.5 }] }, 400],
    ["fewer than none", { orderKey: "x".repeat(20), lines: [{ product: "sidamo", quantity: -1 }] }, 400],
    ["what is not sold", { orderKey: "x".repeat(20), lines: [{ product: "tea", quantity: 1 }] }, 400],
    ["more than the limit", { orderKey: "x".repeat(20), lines: [{ product: "sidamo", quantity: 5 }] }, 400],
    ["a short key", { orderKey: "1", lines }, 400],
    ["no object", [1], 400],
    ["no JSON", "{", 400],
    ["too much", { orderKey: "x".repeat(5_000), lines }, 413],
  ])("with %s is rejected", async (_, body, status) => {
    const response = await send(body);
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error: expect.any(String) });
  });

  test("that a form of another site can send is rejected", async () => {
    expect((await send({ orderKey: nextKey(), lines }, "text/plain")).status).toBe(415);
  });

  test("is rejected above the rate limit", async () => {
    await using busy = await checkout.open({ env: { ORDERS_PER_MINUTE: "2" } });
    const at = await busy.start();
    const statuses: number[] = [];
    for (let orders = 0; orders < 3; orders++)
      statuses.push((await send({ orderKey: nextKey(), lines }, "application/json", at)).status);
    expect(statuses).toEqual([200, 200, 429]);
  });
});

describe("the shop", () => {
  test.each([
    ["GET", "/api/orders", 404],
    ["GET", "/api/orders/", 404],
    ["GET", "/api/orders/nothing", 404],
    ["POST", "/api/demo/orders/nothing/pay", 404],
    ["GET", "/assets/../server/main.js", 404],
    ["GET", "/assets/%2e%2e/%2e%2e/server/main.js", 404],
  ])("answers %s %s with %i", async (method, path, status) => {
    expect((await fetch(shop + path, { method })).status).toBe(status);
  });

  test("restricts its pages to its own scripts and to connections to the sequencer", async () => {
    const { headers } = await fetch(`${shop}/orders/any`);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).not.toMatch(/unsafe|\*|data:/);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    const { url } = stage.emulator;
    expect(policy).toContain(`connect-src 'self' ${url} ${url.replace("http", "ws")}`);
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("allows caching of hashed scripts, and never of orders", async () => {
    const page = await fetch(`${shop}/`);
    expect(page.headers.get("cache-control")).toBe("no-cache");
    const [, script] = /src="(\/assets\/[^"]+)"/.exec(await page.text()) ?? [];
    const cached = async (path: string) => (await fetch(shop + path)).headers.get("cache-control");
    expect(await cached(String(script))).toContain("immutable");
    expect(await cached("/api/prices")).toBe("no-store");
    expect(await cached(`/api/orders/${(await order()).id}`)).toBe("no-store");
  });

  test.each([
    ["of another amount", { amount: 0.05 }],
    ["to another destination", { destination: "CiDwVBFgWV9E5MvXWoLgnEgn2hK7rJikbvfWavzAQz3" }],
    ["in another currency", { currency: "eur" }],
    ["of an intent that is not ours", { intent: "GHEXGTE2r1PartuDip4VhDz8b2RY4xqRTRtMCUEaEXXN" }],
  ])("rejects a webhook %s that its sequencer signed", async (_, claim) => {
    const signingSeed = new Uint8Array(32).fill(3);
    await using own = await checkout.open({ emulator: { signingSeed } });
    const at = await own.start();
    const placed = (await (await send({ orderKey: nextKey(), lines }, "application/json", at)).json()) as {
      id: string;
      intentId: string;
    };
    const claims = {
      intent: placed.intentId,
      destination,
      currency: "usd",
      amount: 2.4,
      exchangeRate: 0.00001,
      quarks: 24_000_000_000n,
      fees: 0n,
    };
    const headers = { "content-type": "application/jwt" };
    const deliver = async (changed: object) => {
      const body = signTestWebhook({ ...claims, ...changed }, { privateKey: signingSeed });
      const signal = AbortSignal.timeout(10_000);
      return (await post({ url: `${at}/webhooks/code`, headers, body, signal })).status;
    };
    const state = async () =>
      ((await (await fetch(`${at}/api/orders/${placed.id}`)).json()) as { state: string }).state;
    expect(await deliver(claim)).toBe(400);
    expect(await state()).toBe("open");
    expect(await deliver({})).toBe(200);
    expect(await state()).toBe("paid");
  });

  test("rejects a webhook that another key signed", async () => {
    const { intentId } = await order();
    const body = signTestWebhook(
      {
        intent: String(intentId),
        destination,
        currency: "usd",
        amount: 2.4,
        exchangeRate: 1,
        quarks: 1n,
        fees: 0n,
      },
      { privateKey: new Uint8Array(32).fill(9) },
    );
    const headers = { "content-type": "application/jwt" };
    const answer = await fetch(`${shop}/webhooks/code`, { method: "POST", headers, body });
    expect(answer.status).toBe(401);
  });

  test("fulfils an order that got `already_submitted` only by its verified webhook, never by its status", async () => {
    const signingSeed = new Uint8Array(32).fill(3);
    await using own = await checkout.open({ emulator: { signingSeed }, env: { RECONCILE_SECONDS: "1" } });
    const sequencerUrl = String(own.env.CODE_SEQUENCER_URL);
    // The shop stores the order, and cannot register it.
    own.env.CODE_SEQUENCER_URL = "http://127.0.0.1:1";
    const body = { orderKey: nextKey(), lines };
    expect((await send(body, "application/json", await own.start())).status).toBe(503);
    await own.end();
    const [row] = await own.read("select * from orders");
    if (row === undefined) throw new Error("no order");
    // A party who learned the client secret registers another destination first, and pays itself.
    const foreign = PaymentIntent.fromClientSecret({
      clientSecret: row.client_secret,
      expectedId: row.intent_id,
      destination: "CiDwVBFgWV9E5MvXWoLgnEgn2hK7rJikbvfWavzAQz3",
      amount: "2.40",
      currency: "usd",
    });
    await using attacker = new CodeClient({ baseUrl: sequencerUrl });
    await attacker.paymentIntents.create(foreign);
    await own.emulator.wallet.pay(foreign);

    own.env.CODE_SEQUENCER_URL = sequencerUrl;
    const at = await own.start();
    const view = async () => (await fetch(`${at}/api/orders/${row.id}`)).json() as Promise<{ state: string }>;
    await expect.poll(async () => (await view()).state, { timeout: 100_000 }).toBe("unproven");
    const again = await (await send(body, "application/json", at)).json();
    expect(again).toMatchObject({ id: row.id, state: "unproven" });
    expect(again).not.toHaveProperty("intent");
    await own.end();
    // The next round of a restarted shop does not count the status either.
    await own.start();
    const claims = {
      intent: row.intent_id,
      destination,
      currency: "usd",
      amount: 2.4,
      exchangeRate: 1,
      quarks: 1n,
    };
    expect((await view()).state).toBe("unproven");
    await own.end();
    expect(await own.read("select intent_id, task from outbox")).toEqual([
      { intent_id: row.intent_id, task: "decide-on-unproven-payment" },
    ]);

    await own.start();
    const webhook = signTestWebhook({ ...claims, fees: 0n }, { privateKey: signingSeed });
    const headers = { "content-type": "application/jwt" };
    const signal = AbortSignal.timeout(10_000);
    expect((await post({ url: `${at}/webhooks/code`, headers, body: webhook, signal })).status).toBe(200);
    expect(await view()).toMatchObject({ state: "paid", confirmedBy: "webhook" });
  });

  test("names a port that is in use, and how to choose another", async () => {
    const { port } = new URL(shop);
    await using second = await checkout.open({ env: { PORT: port } });
    await expect(second.start()).rejects.toThrow(`Port ${port} is in use`);
  });

  test("names a missing setting", async () => {
    await using second = await checkout.open({ env: { CODE_DESTINATION: "" } });
    await expect(second.start()).rejects.toThrow("CODE_DESTINATION is required");
  });

  test("ends on Ctrl-C, and so does the demo", async () => {
    await using own = await checkout.open();
    await own.start();
    expect(await own.end("SIGINT")).toBe(0);
    const demo = await checkout.demo();
    expect(await demo.end("SIGINT")).toBe(0);
    await demo[Symbol.asyncDispose]();
  });
});
