// Acts as the buyer, the payer and the thief of a recipe's shop over HTTP, for check-examples.mjs.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { CodeClient, PaymentIntent } from "code-intents";
import { Emulator } from "code-intents/emulator";
import { signTestWebhook } from "code-intents/webhook";

const destination = "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
const thief = "9sK9x3MC7yEMzfA5VRRcu2P72gCGGsF1htpeAMXae9bz";
const publicUrl = "https://shop.example";

/** Output that a recipe may write to stderr during the thefts and while its sequencer is down. */
const expected = [
  /^code-intents webhook: responded with 40[01], webhook_(signature_invalid|mismatch): /,
  /^HTTP 409: SequencerError: (Another request is registered at this rendezvous key|The intent was submitted before) /,
  /^HTTP 503: \w*Error: /,
];

/** Runs `work` with an emulator that resolves the shop's public address to its local port. */
export async function withEmulator(work) {
  const market = {
    signingSeed: randomBytes(32),
    idempotencySecret: randomBytes(32).toString("base64"),
    /** URL of the shop. */
    origin: "",
    /** Output of the shop so far. */
    printed: () => "",
    /** Path of the shop's job that reconciles, if it has one. */
    reconcilePath: undefined,
    /** Whether webhooks are lost. */
    deaf: false,
    /** The last webhook of each intent. */
    webhooks: new Map(),
    emulator: undefined,
    expects: (line) => expected.some((pattern) => pattern.test(line)),
    async open(port = 0) {
      const deliverWebhook = (request) => deliverTwice(market, request);
      const { signingSeed } = market;
      const resolveHost = async () => {};
      market.emulator = await Emulator.start({ port, signingSeed, resolveHost, deliverWebhook });
    },
  };
  await market.open();
  try {
    await work(market);
  } finally {
    await market.emulator.close();
  }
}

/** Environment variables of every recipe. */
export function shopEnvironment({ emulator, idempotencySecret }) {
  return {
    PORT: "0",
    PUBLIC_URL: publicUrl,
    CODE_DESTINATION: destination,
    CODE_IDEMPOTENCY_SECRET: idempotencySecret,
    CODE_SEQUENCER_URL: emulator.url,
    CODE_WEBHOOK_PUBLIC_KEY: emulator.webhookPublicKey,
  };
}

/** Delivers twice at once, like overlapping attempts of a sequencer. One response must be 200. */
async function deliverTwice(market, { url, body }) {
  assert(url.startsWith(`${publicUrl}/`));
  if (market.deaf) return { status: 503 };
  market.webhooks.set(JSON.parse(Buffer.from(body.split(".")[1], "base64url")).intent, body);
  const answers = await Promise.all([deliver(market, body), deliver(market, body)]);
  return { status: answers.includes(200) ? 200 : answers[0] };
}

async function deliver({ origin }, body) {
  const headers = { "content-type": "application/jwt" };
  const answer = await fetch(`${origin}/code-webhook`, { method: "POST", headers, body });
  await answer.arrayBuffer();
  return answer.status;
}

async function call({ origin }, path, body) {
  const headers = { "content-type": "application/json" };
  const init = body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) };
  const answer = await fetch(`${origin}${path}`, init);
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}

async function until(condition, problem) {
  const end = performance.now() + 20_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(problem);
    await sleep(50);
  }
}

/** Waits until an order is fulfilled. Fails if it is fulfilled more than once. */
export async function paid(market, id) {
  // The shop's output comes through a pipe, so it may arrive a moment later.
  await until(
    async () => (await call(market, `/orders/${id}`)).body.state === "paid",
    "the order is not paid",
  );
  await until(() => market.printed().includes(`order ${id} is paid`), "the shop sends nothing");
  assert.equal(market.printed().split(`order ${id} is paid`).length - 1, 1, "fulfilled more often than once");
}

/** Pays an order whose webhooks are all lost. The shop's job at `path` must find the payment. */
export async function payUnheard(market, path) {
  market.reconcilePath = path;
  market.deaf = true;
  const id = randomUUID();
  const { body } = await call(market, "/orders", { id, product: "croissant" });
  await market.emulator.wallet.pay(body.intentId);
  assert.equal((await call(market, `/orders/${id}`)).body.state, "open");
  const answer = await fetch(`${market.origin}${path}`);
  assert.equal(answer.status, 200);
  await paid(market, id);
  market.deaf = false;
}

/** Buys, pays, and tries to steal. Throws at the first unexpected result. */
export async function buy(market) {
  const id = randomUUID();

  assert.equal((await call(market, "/orders", "no order")).status, 400);
  assert.equal((await call(market, "/orders", { id: "1042", product: "espresso" })).status, 400);
  assert.equal((await call(market, "/orders", { id, product: "yacht" })).status, 422);
  assert.equal((await call(market, `/orders/${id}`)).status, 404);

  // The shop must ignore a price from the page.
  const placed = await call(market, "/orders", { id, product: "espresso", amount: "0.05" });
  assert.equal(placed.status, 201);
  const { intentId, clientSecret, amount, currency } = placed.body;
  assert.deepEqual(
    { amount, currency, to: placed.body.destination },
    { amount: "2.50", currency: "usd", to: destination },
  );
  const intent = PaymentIntent.fromClientSecret({
    clientSecret,
    amount,
    currency,
    destination,
    expectedId: intentId,
  });
  assert.deepEqual(
    await call(market, "/orders", { id, product: "espresso" }).then(({ body }) => body),
    placed.body,
  );
  assert.equal((await call(market, "/orders", { id, product: "croissant" })).status, 409);

  const claims = {
    intent: intentId,
    destination,
    currency,
    amount: 2.5,
    exchangeRate: 0.00001,
    quarks: 25_000_000_000n,
    fees: 0n,
  };
  const forged = signTestWebhook(claims, { privateKey: randomBytes(32) });
  assert.equal(await deliver(market, forged), 401);
  const cheaper = signTestWebhook({ ...claims, amount: 0.05 }, { privateKey: market.signingSeed });
  assert.equal(await deliver(market, cheaper), 400);
  assert.equal((await call(market, `/orders/${id}`)).body.state, "open");

  await market.emulator.wallet.scan(intent);
  await market.emulator.wallet.pay(intent);
  await paid(market, id);
  assert.equal(await deliver(market, market.webhooks.get(intentId)), 200);
  assert.equal((await call(market, "/orders", { id, product: "espresso" })).body.state, "paid");
  await paid(market, id);

  await robAndBreak(market);
}

/**
 * Expects a conflict for another request at an order's key, no fulfilment once that request is paid, and that
 * the shop retries the same order while the sequencer is down.
 */
async function robAndBreak(market) {
  const { idempotencySecret, emulator } = market;
  const robbed = randomUUID();
  const code = new CodeClient({ baseUrl: emulator.url, idempotencySecret });
  const stolen = await code.paymentIntents.create({
    destination: thief,
    amount: "2.50",
    currency: "usd",
    idempotencyKey: robbed,
  });
  await code.close();
  const conflict = await call(market, "/orders", { id: robbed, product: "espresso" });
  assert.deepEqual([conflict.status, conflict.body], [409, { error: "intent_conflict" }]);
  // The thief pays itself. The status then reports `submitted`, which is not the shop's payment.
  await emulator.wallet.pay(stolen);
  const submitted = await call(market, "/orders", { id: robbed, product: "espresso" });
  assert.deepEqual([submitted.status, submitted.body], [409, { error: "already_submitted" }]);
  if (market.reconcilePath !== undefined)
    assert.equal((await fetch(`${market.origin}${market.reconcilePath}`)).status, 200);
  assert.equal((await call(market, `/orders/${robbed}`)).body.state, "new");
  assert.equal(market.printed().includes(`order ${robbed} is paid`), false);

  await emulator.close();
  const order = { id: randomUUID(), product: "croissant" };
  const late = await call(market, "/orders", order);
  assert.equal(late.status, 503);
  assert.match(late.headers.get("retry-after") ?? "", /^\d+$/);
  await market.open(emulator.port);
  assert.equal((await call(market, "/orders", order)).status, 201);
}
