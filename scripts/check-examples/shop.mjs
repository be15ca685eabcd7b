// The buyer, the payer and the thief of a recipe's shop: what check-examples.mjs does with each over HTTP.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { CodeClient, PaymentIntent } from "code-intents";
import { Emulator } from "code-intents/emulator";
import { signTestWebhook } from "code-intents/webhook";

const destination = "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
const thief = "9sK9x3MC7yEMzfA5VRRcu2P72gCGGsF1htpeAMXae9bz";
const publicUrl = "https://shop.example";

/** What a recipe may say on stderr while it is robbed and its sequencer is away. */
const expected = [
  /^code-intents webhook: answered 40[01], webhook_(signature_invalid|mismatch): /,
  /^HTTP 409: SequencerError: Another request is registered at this rendezvous key /,
  /^HTTP 503: \w*Error: /,
];

/** Runs `work` with an emulator to which the shop's public address is wherever the shop listens. */
export async function withEmulator(work) {
  const market = {
    signingSeed: randomBytes(32),
    idempotencySecret: randomBytes(32).toString("base64"),
    /** Where the shop listens. */
    origin: "",
    /** What the shop has printed so far. */
    printed: () => "",
    /** Whether webhooks get lost. */
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

/** The variables that every recipe reads. */
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

/** Two deliveries at once, as overlapping attempts of a sequencer are; one of them has to be answered with 200. */
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

/** Waits until an order is fulfilled; more often than once is a failure. */
export async function paid(market, id) {
  // What the shop prints comes through a pipe, so it may be a moment late.
  await until(
    async () => (await call(market, `/orders/${id}`)).body.state === "paid",
    "the order is not paid",
  );
  await until(() => market.printed().includes(`order ${id} is paid`), "the shop sends nothing");
  assert.equal(market.printed().split(`order ${id} is paid`).length - 1, 1, "fulfilled more often than once");
}

/** Pays an order whose webhooks all get lost; the shop's own job, at `path`, has to find out. */
export async function payUnheard(market, path) {
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

/** Buys, pays, steals and is refused. Throws at the first thing that is not as it must be. */
export async function buy(market) {
  const id = randomUUID();

  assert.equal((await call(market, "/orders", "no order")).status, 400);
  assert.equal((await call(market, "/orders", { id: "1042", product: "espresso" })).status, 400);
  assert.equal((await call(market, "/orders", { id, product: "yacht" })).status, 422);
  assert.equal((await call(market, `/orders/${id}`)).status, 404);

  // A price that a page names is not read.
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

/** Another request at an order's key is a conflict, and a sequencer that is away is waited for with the same order. */
async function robAndBreak(market) {
  const { idempotencySecret, emulator } = market;
  const robbed = randomUUID();
  const code = new CodeClient({ baseUrl: emulator.url, idempotencySecret });
  await code.paymentIntents.create({
    destination: thief,
    amount: "2.50",
    currency: "usd",
    idempotencyKey: robbed,
  });
  await code.close();
  const conflict = await call(market, "/orders", { id: robbed, product: "espresso" });
  assert.deepEqual([conflict.status, conflict.body], [409, { error: "intent_conflict" }]);

  await emulator.close();
  const order = { id: randomUUID(), product: "croissant" };
  const late = await call(market, "/orders", order);
  assert.equal(late.status, 503);
  assert.match(late.headers.get("retry-after") ?? "", /^\d+$/);
  await market.open(emulator.port);
  assert.equal((await call(market, "/orders", order)).status, 201);
}
