import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Emulator } from "../../src/emulator/index.js";
import { type CodeClient, LoginIntent, wellKnownFile } from "../../src/index.js";
import { verifyWebhook } from "../../src/webhook/index.js";
import { login, signerOf, stranger, verifier, verifierPublicKey } from "../support/login.js";
import { failureOf, order } from "../support/outcomes.js";
import { clientOf, ways } from "../support/protocols.js";
import { until } from "../support/turns.js";

const { secretKey } = verifier;
const webhook = { url: "http://localhost:3000/in" };
const soon = { intervalMs: 100, timeoutMs: 110_000 };

describe.each(ways)("a login over $name", (way) => {
  let emulator: Emulator;
  let code: CodeClient;
  /** A client whose protocol supports every call. */
  let backend: CodeClient;
  const delivered: string[] = [];
  beforeAll(async () => {
    emulator = await Emulator.start({
      fetchWellKnown: async () => ({ status: 200, body: wellKnownFile([verifierPublicKey]) }),
      async deliverWebhook({ body }) {
        delivered.push(body);
        return { status: 200 };
      },
    });
    code = clientOf(emulator, way);
    backend = clientOf(emulator, { ...way, connecting: undefined });
  });
  afterAll(async () => {
    await code.close();
    await backend.close();
    await emulator.close();
  });

  const { messages, createLoginIntent, detailedErrors } = way.capabilities;
  const reason = <T extends string>(text: T) => (detailedErrors ? { reason: text } : {});
  const asking = (intent: Parameters<CodeClient["loginIntents"]["getStatus"]>[0]) => ({
    intent,
    verifier: secretKey,
  });

  /** A login, created over the protocol if it supports that, otherwise over another. */
  async function created(): Promise<LoginIntent> {
    const intent = code.loginIntents.build({ login: { ...login, verifier: signerOf(async (own) => own) } });
    if (createLoginIntent) {
      expect(await code.loginIntents.create(intent)).toBe(intent);
      expect(await code.loginIntents.create(intent)).toBe(intent);
      return intent;
    }
    const error = await failureOf(code.loginIntents.create(intent));
    expect(error).toMatchObject({ code: "unsupported_by_protocol", retryable: false });
    expect(error.message).toContain("REST");
    return backend.loginIntents.create(intent);
  }

  it("is scanned, declined and completed, and identifies its user", async () => {
    const intent = await created();
    expect((await code.loginIntents.getStatus(intent)).state).toBe("pending");
    expect(await code.loginIntents.getUserId(asking(intent))).toEqual({
      userId: undefined,
      ...reason("no_user_logged_in"),
    });
    const heard: string[] = [];
    if (!messages) {
      await emulator.wallet.scan(intent);
      await emulator.wallet.reject(intent);
      await emulator.wallet.login(intent);
    }
    for await (const { type } of code.loginIntents.watch(intent, soon)) {
      heard.push(type);
      if (type === "requested") await emulator.wallet.scan(intent);
      if (type === "scanned") await emulator.wallet.reject(intent);
      if (type === "rejected") await emulator.wallet.login(intent);
    }
    expect(heard).toEqual(messages ? ["requested", "scanned", "rejected", "submitted"] : ["submitted"]);
    expect(await code.loginIntents.waitForLogin(intent, soon)).toMatchObject({ type: "submitted" });
    const { userId } = await emulator.wallet.login(intent);
    for (const reference of [intent, intent.id, { intent: intent.id }])
      expect(await code.loginIntents.getUserId(asking(reference))).toEqual({ userId });
    expect(await code.loginIntents.getStatus(intent.id)).toMatchObject({ state: "submitted", exists: true });
  });

  it("is rebuilt and watched in a browser, which has only the public key", async () => {
    const { clientSecret, id, login } = await created();
    const intent = LoginIntent.fromClientSecret({ clientSecret, login, expectedId: id });
    const waiting = code.loginIntents.waitForLogin(intent, soon);
    await emulator.wallet.login(intent.payload);
    expect((await waiting).heardFrom).toBe(messages ? "stream" : "status");
    const unsigned = LoginIntent.from({ login });
    expect(await failureOf(code.loginIntents.create(unsigned))).toMatchObject({
      code: createLoginIntent ? "missing_option" : "unsupported_by_protocol",
    });
  });

  it("with a payment identifies the payer, by webhook and by getUserId", async () => {
    const signer = signerOf(async (own) => own);
    const login = { domain: "example.com", verifier: signer };
    const intent = code.paymentIntents.build({ ...order, login, webhook });
    expect(await code.paymentIntents.create(intent)).toBe(intent);
    const { userId } = await emulator.wallet.pay(intent);
    expect(await code.loginIntents.getUserId(asking(intent))).toEqual({ userId });
    const { publicKey, expected } = { publicKey: emulator.webhookPublicKey, expected: intent };
    await until(() => delivered.length > 0);
    const claims = await verifyWebhook(delivered.pop() ?? "", { publicKey, expect: expected });
    expect(claims).toMatchObject({ bound: true, intent: intent.id, user: userId });
    expect(signer.asked).toHaveLength(1);
  });

  it("with a payment can be paid without identifying the payer", async () => {
    const intent = await code.paymentIntents.create({ ...order, login });
    await emulator.wallet.pay(intent, { anonymous: true });
    expect(await code.loginIntents.getUserId(asking(intent))).toEqual({
      userId: undefined,
      ...reason("no_user_logged_in"),
    });
  });

  it("has no user if the intent is unknown or requests no login", async () => {
    const ask = (intent: Parameters<typeof asking>[0]) => code.loginIntents.getUserId(asking(intent));
    expect(await ask(verifierPublicKey)).toEqual({ userId: undefined, ...reason("request_not_found") });
    const plain = await code.paymentIntents.create(order);
    expect(await ask(plain)).toEqual({ userId: undefined, ...reason("login_not_supported") });
  });

  it("is not disclosed to a verifier that the domain does not list", async () => {
    const intent = await code.paymentIntents.create({ ...order, login });
    const asked = { intent, verifier: stranger.secretKey };
    expect(await failureOf(code.loginIntents.getUserId(asked))).toMatchObject({
      code: "unauthenticated",
      retryable: false,
    });
    const foreign = { ...order, login: { ...login, verifier: stranger.secretKey } };
    expect((await failureOf(code.paymentIntents.create(foreign))).code).toBe("permission_denied");
  });
});
