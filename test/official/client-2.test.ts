import { afterAll, afterEach, describe, expect, it } from "vitest";
import { LoginIntent, PaymentIntent, type PaymentIntentOptions } from "../../src/index.js";
import { verifyWebhook } from "../../src/webhook/index.js";
import { cleanUp } from "../support/emulated.js";
import { until } from "../support/outcomes.js";
import { account } from "../support/payment.js";
import { hex } from "../support/vectors.js";
import { startOfficial } from "./official-process.js";
import { type Created, details, login, order, ownLogin, paymentOf, statuses, url } from "./orders.js";
import { signedMessages, startSequencer, stored, verifier } from "./sequencer.js";

const official = startOfficial(new URL("./client-2.mjs", import.meta.url));
afterAll(() => official.close());
afterEach(cleanUp);

it("exports these functions, and none for tips", async () => {
  expect(await official.value("exports")).toEqual({
    getStatus: "function",
    getUserId: "function",
    registerWebhook: "function",
    paymentIntents: ["create", "getStatus"],
    loginIntents: ["create", "getStatus", "getUserId"],
    webhook: ["register"],
    Client: "function",
  });
});

describe("official paymentIntents.create registers the same bytes as our client", () => {
  it.each<[string, object, object?]>([
    ["usd", {}],
    ["usd of two decimals", { amount: 0.29 }],
    ["usd that it rounds", { amount: 1.005 }],
    ["eur", { amount: 4.99, currency: "eur" }],
    ["jpy", { amount: 100, currency: "jpy" }],
    ["kin", { amount: 2500, currency: "kin" }],
    ["upper case", { currency: "USD" }],
    [
      "three fees",
      { fees: [1, 2, 3].map((byte) => ({ destination: account(byte), basisPoints: byte * 100 })) },
    ],
    ["an empty list of fees", { fees: [] }, { fees: undefined, kind: "payment-with-fees" }],
    ["a login", { login, signers: [verifier.seed] }, { signers: undefined, login: ownLogin }],
  ])("for %s", async (_, options, ours = {}) => {
    const { emulator, endpoint } = await startSequencer();
    const created = await official.value<Created>("paymentIntents.create", {
      ...order,
      ...options,
      endpoint,
    });
    const intent = paymentOf(created, { ...options, ...ours });
    expect(await signedMessages(emulator, created.id)).toEqual([hex(intent.toBinary())]);
    const { requested, domain, verified } = (await stored(emulator, created.id)) ?? {};
    expect(requested).toMatchObject({
      destination: intent.destination,
      currency: intent.currency,
      nativeAmount: Number(intent.amount),
      fees: intent.fees,
    });
    expect({ domain, verified }).toEqual({
      domain: intent.login?.domain ?? "",
      verified: "login" in options,
    });
  });

  it.each([
    ["an idempotency key", { idempotencyKey: "order-1042 ✓" }],
    ["a client secret", { clientSecret: "uqM86tVJL9rhqS" }],
  ])("with %s, twice, is one intent", async (_, nonce) => {
    const { emulator, endpoint } = await startSequencer();
    const create = () => official.value<Created>("paymentIntents.create", { ...order, ...nonce, endpoint });
    const created = await create();
    expect(await create()).toEqual(created);
    const intent = PaymentIntent.from({ ...details, ...nonce } as PaymentIntentOptions);
    expect(created).toEqual({ id: intent.id, clientSecret: intent.clientSecret });
    const own = hex(intent.toBinary());
    expect(await signedMessages(emulator, intent.id)).toEqual([own, own]);
  });

  it.each(["login", "tip", undefined])("with the mode %s, which it ignores", async (mode) => {
    const { emulator, endpoint } = await startSequencer();
    const options = { ...order, mode, platform: { name: "x", username: "getcode" }, endpoint };
    const created = await official.value<Created>("paymentIntents.create", options);
    expect(await signedMessages(emulator, created.id)).toEqual([hex(paymentOf(created).toBinary())]);
  });

  it("with a webhook whose token verifies against the order", async () => {
    const { emulator, endpoint, delivered } = await startSequencer();
    const created = await official.value<Created>("paymentIntents.create", {
      ...order,
      webhook: { url },
      endpoint,
    });
    expect((await stored(emulator, created.id))?.webhook?.url).toBe(url);
    const intent = paymentOf(created);
    await emulator.wallet.pay(intent);
    await until(() => delivered.length > 0);
    const { webhookPublicKey: publicKey } = emulator;
    const claims = await verifyWebhook(delivered[0]?.body ?? "", { publicKey, expect: intent });
    expect(claims).toMatchObject({ kind: "payment", bound: true, intent: created.id });
  });
});

describe("official getStatus", () => {
  it.each(["paymentIntents.getStatus", "loginIntents.getStatus", "getStatus"])(
    "reports pending and confirmed by %s",
    async (name) => {
      const { emulator, endpoint } = await startSequencer();
      const status = (intent: string) => official.value(name, { intent, endpoint });
      const created = await official.value<Created>("paymentIntents.create", { ...order, endpoint });
      const intent = paymentOf(created);
      expect(await status(account(1))).toEqual(statuses.unknown);
      expect(await status(created.id)).toEqual(statuses.pending);
      await emulator.wallet.scan(intent);
      expect(await status(created.id)).toEqual(statuses.scanned);
      await emulator.wallet.reject(intent);
      expect(await status(created.id)).toEqual(statuses.scanned);
      await emulator.wallet.pay(intent);
      expect(await status(created.id)).toEqual({ ...statuses.confirmed, codeScanned: true });
    },
  );

  it("reports the status through the class Client", async () => {
    const { emulator, endpoint } = await startSequencer();
    const created = await official.value<Created>("paymentIntents.create", { ...order, endpoint });
    const answer = () => official.value("Client.send", { endpoint, intent: created.id });
    expect(await answer()).toEqual({ exists: true, codeScanned: false, intentSubmitted: false });
    await emulator.wallet.pay(paymentOf(created));
    expect(await answer()).toEqual({ exists: true, codeScanned: false, intentSubmitted: true });
  });
});

describe("official loginIntents", () => {
  it("creates the same bytes as our client, and returns the user who logged in", async () => {
    const { emulator, endpoint, delivered } = await startSequencer();
    const options = { mode: "login", login, signers: [verifier.seed], webhook: { url }, endpoint };
    const { id, clientSecret } = await official.value<Created>("loginIntents.create", options);
    const intent = LoginIntent.fromClientSecret({ clientSecret, expectedId: id, login: ownLogin });
    expect(await signedMessages(emulator, id)).toEqual([hex(intent.toBinary())]);
    expect(await stored(emulator, id)).toMatchObject({ domain: "example.com", verified: true });
    const question = { intent: id, verifier: verifier.seed, endpoint };
    expect(await official.value("loginIntents.getUserId", question)).toEqual({ userId: undefined });
    const { userId } = await emulator.wallet.login(intent, { user: "alice" });
    expect(await official.value("loginIntents.getUserId", question)).toEqual({ userId });
    expect(await official.value("getUserId", question)).toEqual({ userId });
    expect(await official.value("loginIntents.getStatus", { intent: id, endpoint })).toEqual(
      statuses.confirmed,
    );
    await until(() => delivered.length > 0);
    const { webhookPublicKey: publicKey } = emulator;
    const claims = await verifyWebhook(delivered[0]?.body ?? "", { publicKey, expect: { kind: "login" } });
    expect(claims).toMatchObject({ kind: "login", user: userId });
  });

  it("returns the payer from getUserId", async () => {
    const { emulator, endpoint } = await startSequencer();
    const options = { ...order, login, signers: [verifier.seed], endpoint };
    const created = await official.value<Created>("paymentIntents.create", options);
    const { userId } = await emulator.wallet.pay(paymentOf(created, { login: ownLogin }), { user: "bob" });
    expect(userId).toBeDefined();
    const question = { intent: created.id, verifier: verifier.seed, endpoint };
    expect(await official.value("loginIntents.getUserId", question)).toEqual({ userId });
  });
});

describe("official webhook.register", () => {
  it.each(["webhook.register", "registerWebhook"])("returns the sequencer's result: %s", async (name) => {
    const { emulator, endpoint } = await startSequencer();
    const create = () => official.value<Created>("paymentIntents.create", { ...order, endpoint });
    const register = (intent: string, to: string) => official.value(name, { intent, url: to, endpoint });
    const { id } = await create();
    expect(await register(id, "https://example.com:8443/paid")).toEqual({
      success: false,
      message: "invalid_url",
    });
    expect((await stored(emulator, id))?.webhook).toBeUndefined();
    expect(await register(id, url)).toEqual({ success: true, message: "ok" });
    expect(await register(id, "https://thief.example.com/")).toEqual({
      success: false,
      message: "already_registered",
    });
    expect((await stored(emulator, id))?.webhook?.url).toBe(url);
    expect(await register(account(1), url)).toEqual({ success: false, message: "request_not_found" });
    const paid = await create();
    await emulator.wallet.pay(paymentOf(paid));
    expect(await register(paid.id, url)).toEqual({ success: false, message: "intent_exists" });
  });
});
