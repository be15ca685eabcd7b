import { fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { MessageSchema, Messaging } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  InputError,
  LoginIntent,
  type LoginIntentOptions,
  PaymentIntent,
  wellKnownFile,
} from "../../src/index.js";
import { startHostile } from "../support/hostile-servers.js";
import {
  buildLogin,
  login,
  rebuildLogin,
  signerOf,
  stranger,
  verifier,
  verifierPublicKey,
} from "../support/login.js";
import { cleanUp, clientOf, later, soon, started } from "../support/login-client.js";
import { expectRegistrationUnknown, failureOf, order } from "../support/outcomes.js";

afterEach(cleanUp);

describe("a login", () => {
  it("is built, created and awaited, and identifies its user", async () => {
    const { emulator, code } = await started();
    const intent = code.loginIntents.build({ login });
    expect(intent).toBeInstanceOf(LoginIntent);
    expect((await code.loginIntents.getStatus(intent)).state).toBe("unknown");
    expect(await code.loginIntents.create(intent)).toBe(intent);
    expect(await code.loginIntents.getStatus(intent)).toEqual({
      state: "pending",
      exists: true,
      codeScanned: false,
      intentSubmitted: false,
    });
    const waiting = code.loginIntents.waitForLogin(intent, soon);
    await emulator.wallet.scan(intent);
    const { userId } = await emulator.wallet.login(intent);
    expect(await waiting).toEqual({ type: "submitted", heardFrom: "stream" });
    for (const reference of [intent, intent.id, { intent: intent.id }]) {
      expect(await code.loginIntents.getUserId({ intent: reference, verifier: verifier.secretKey })).toEqual({
        userId,
      });
      expect((await code.loginIntents.getStatus(reference)).state).toBe("submitted");
    }
  });

  it("is created from options, including the official client's", async () => {
    const { code } = await started();
    const official = {
      mode: "login",
      login: { domain: "example.com", verifier: verifierPublicKey },
      signers: [verifier.secretKey],
      clientSecret: "uqM86tVJL9rhqS",
    } as const;
    const intent = await code.loginIntents.create(official);
    expect(intent.id).toBe(rebuildLogin({ clientSecret: official.clientSecret }).id);
    expect((await code.loginIntents.getStatus(intent)).exists).toBe(true);
  });

  it("is one login if sent twice, also by another process with other signatures", async () => {
    const { code, emulator } = await started();
    const intent = await code.loginIntents.create({ login });
    const again = rebuildLogin({ clientSecret: intent.clientSecret, expectedId: intent.id });
    await code.loginIntents.create(again);
    const waiting = code.loginIntents.waitForLogin(intent, soon);
    await emulator.wallet.login(intent);
    await waiting;
    expect(await failureOf(code.loginIntents.create(again))).toMatchObject({ code: "already_submitted" });
  });

  it("throws intent_conflict for another domain at the same key", async () => {
    const { code } = await started();
    const { clientSecret } = await code.loginIntents.create({ login });
    const elsewhere = { clientSecret, login: { ...login, domain: "example.org" } };
    expect(await failureOf(code.loginIntents.create(elsewhere))).toMatchObject({
      code: "intent_conflict",
      sequencerMessage: "domain mismatches original request",
    });
  });

  it("is refused if the domain does not list the verifier, or its file cannot be fetched", async () => {
    const { code } = await started(
      {},
      {
        fetchWellKnown: async (url) =>
          url.includes("example.com")
            ? { status: 200, body: wellKnownFile([stranger.key]) }
            : { status: 404, body: "" },
      },
    );
    expect(await failureOf(code.loginIntents.create({ login }))).toMatchObject({
      code: "permission_denied",
      sequencerMessage: `${verifierPublicKey} does not own domain example.com`,
      retryable: false,
    });
    const unknown = { login: { ...login, domain: "example.org" } };
    expect(await failureOf(code.loginIntents.create(unknown))).toMatchObject({
      code: "unauthenticated",
      sequencerMessage: "error veryfing domain ownership: http status 404 returned",
    });
  });

  it("registers its webhook, and reports that it was called", async () => {
    const { code, emulator } = await started();
    const intent = await code.loginIntents.create({
      login,
      webhook: { url: "http://localhost:3000/in/7fQ2" },
    });
    const types: string[] = [];
    for await (const { type } of code.loginIntents.watch(intent, { ...soon, until: "webhook" })) {
      types.push(type);
      if (type === "requested") await emulator.wallet.login(intent);
    }
    expect(types.sort()).toEqual(["requested", "submitted", "webhookCalled"]);
    expect(
      await code.webhooks.register({ intent, url: "http://localhost:3000/x" }).catch(({ code }) => code),
    ).toBe("already_submitted");
  });

  it("throws registration_unknown with the intent if no response was clear", async () => {
    const transport = createRouterTransport(({ service }) => {
      service(Messaging, {
        sendMessage() {
          throw new ConnectError("", Code.Internal);
        },
      });
    });
    const code = clientOf({ transport, retry: { maxAttempts: 2, initialDelayMs: 1 } });
    const intent = code.loginIntents.build({ login });
    const error = await failureOf(code.loginIntents.create(intent));
    expect(expectRegistrationUnknown(error, intent).code).toBe("sequencer_failed");
  });

  it("uses the client's idempotency secret, or its own", async () => {
    const idempotencySecret = "the client's secret, of 32 bytes";
    const { code, warnings } = await started({ idempotencySecret });
    const keyed = { login, idempotencyKey: "session-7" };
    expect(code.loginIntents.build(keyed).id).toBe(buildLogin({ ...keyed, idempotencySecret }).id);
    const own = { ...keyed, idempotencySecret: "another secret, also of 32 bytes" };
    expect(code.loginIntents.build(own).id).toBe(buildLogin(own).id);
    expect(warnings).toEqual([]);
  });

  it("or a payment with a bare idempotency key warns once for both kinds", async () => {
    const { code, warnings } = await started();
    code.loginIntents.build({ login });
    code.paymentIntents.build(order);
    expect(warnings).toEqual([]);
    code.loginIntents.build({ login, idempotencyKey: "session-7" });
    code.paymentIntents.build({ ...order, idempotencyKey: "order-7" });
    code.loginIntents.build({ login, idempotencyKey: "session-8" });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("idempotencySecret");
    expect(warnings[0]).not.toContain("session-7");
  });

  it("is rejected by paymentIntents, and a payment by loginIntents, with the right name", async () => {
    const { code } = await started();
    const payment = PaymentIntent.from({ ...order, login });
    const wrong = [
      code.loginIntents.create(payment as unknown as LoginIntentOptions),
      code.paymentIntents.create(buildLogin() as never),
    ];
    for (const call of wrong) {
      const error = await failureOf(call);
      expect(error).toMatchObject({ code: "invalid_option", field: "intent" });
      expect(error.message).toContain("loginIntents");
    }
    expect(() => code.loginIntents.watch(payment as never)).toThrow("must be a LoginIntent");
    expect(() => code.paymentIntents.watch(buildLogin() as never)).toThrow("must be a PaymentIntent");
  });
});

describe("a login over REST", () => {
  it("is rejected by name, before anything is signed or sent", async () => {
    const server = await startHostile((exchange) => exchange.answer({ status: 500 }));
    later(() => server.close());
    const code = clientOf({ baseUrl: server.url, protocol: "rest" });
    const signer = signerOf();
    for (const intent of [
      { login: { ...login, verifier: signer } },
      buildLogin({ login: { ...login, verifier: signer } }),
    ]) {
      const error = await failureOf(code.loginIntents.create(intent));
      expect(error).toMatchObject({ code: "unsupported_by_protocol", retryable: false });
      expect(error.message).toContain("REST");
    }
    expect([server.connections, signer.asked.length]).toEqual([0, 0]);
  });

  it("created over another protocol identifies its user", async () => {
    const { code, emulator } = await started();
    const rest = clientOf({ baseUrl: emulator.url, protocol: "rest" });
    const intent = await code.loginIntents.create({ login });
    const asked = { intent, verifier: verifier.secretKey };
    expect(await rest.loginIntents.getUserId(asked)).toEqual({ userId: undefined });
    const waiting = rest.loginIntents.waitForLogin(intent, soon);
    const { userId } = await emulator.wallet.login(intent);
    expect(await waiting).toEqual({ type: "submitted", heardFrom: "status" });
    expect(await rest.loginIntents.getUserId(asked)).toEqual({ userId });
  });
});

describe("the user who logged in", () => {
  const asking = (
    intent: string | LoginIntent | PaymentIntent,
    by: { secretKey: Uint8Array } = verifier,
  ) => ({
    intent,
    verifier: by.secretKey,
  });

  it("is absent with a reason if no one logged in", async () => {
    const { code } = await started();
    const intent = code.loginIntents.build({ login });
    const ask = () => code.loginIntents.getUserId(asking(intent));
    expect(await ask()).toEqual({ userId: undefined, reason: "request_not_found" });
    await code.loginIntents.create(intent);
    expect(await ask()).toEqual({ userId: undefined, reason: "no_user_logged_in" });
    const payment = await code.paymentIntents.create(order);
    expect(await code.loginIntents.getUserId(asking(payment))).toEqual({
      userId: undefined,
      reason: "login_not_supported",
    });
  });

  it("is the payer of a payment with a login, unless they keep their identity from the domain", async () => {
    const { code, emulator } = await started();
    const pay = async (options: object) => {
      const intent = await code.paymentIntents.create({ ...order, login });
      const { userId } = await emulator.wallet.pay(intent, options);
      return { userId, answer: await code.loginIntents.getUserId(asking(intent)) };
    };
    const known = await pay({ user: "alice" });
    expect(known.userId).toEqual(expect.any(String));
    expect(known.answer).toEqual({ userId: known.userId });
    const { answer } = await pay({ anonymous: true });
    expect(answer).toEqual({ userId: undefined, reason: "no_user_logged_in" });
  });

  it("is the same at each login of one domain, and differs at another domain", async () => {
    const { code, emulator } = await started();
    const at = async (domain: string) => {
      const intent = await code.loginIntents.create({ login: { ...login, domain } });
      await emulator.wallet.login(intent, { user: "alice" });
      return (await code.loginIntents.getUserId(asking(intent))).userId;
    };
    const [first, second, elsewhere] = [
      await at("example.com"),
      await at("example.com"),
      await at("example.org"),
    ];
    expect(first).toBe(second);
    expect(elsewhere).not.toBe(first);
  });

  it("is returned only to a verifier that the domain lists", async () => {
    const { code } = await started();
    const intent = await code.loginIntents.create({ login });
    expect(await failureOf(code.loginIntents.getUserId(asking(intent, stranger)))).toMatchObject({
      code: "unauthenticated",
      sequencerMessage: expect.stringContaining("does not own the domain for the login"),
    });
  });

  it.each<[string, unknown, string, string]>([
    ["no options", undefined, "invalid_option", "options"],
    ["no intent", { verifier: verifier.secretKey }, "missing_option", "intent"],
    ["a null intent", { intent: null, verifier: verifier.secretKey }, "missing_option", "intent"],
    ["an invalid intent", { intent: "abc", verifier: verifier.secretKey }, "invalid_option", "intent"],
    ["no verifier", { intent: verifierPublicKey }, "missing_option", "verifier"],
    [
      "a public key",
      asking(verifierPublicKey, { secretKey: verifierPublicKey as never }),
      "invalid_option",
      "verifier",
    ],
    [
      "a seed instead of a secret key",
      asking(verifierPublicKey, { secretKey: verifier.seed }),
      "invalid_option",
      "verifier",
    ],
    [
      "a signer without a public key",
      { intent: verifierPublicKey, verifier: { sign() {} } },
      "missing_option",
      "verifier.publicKey",
    ],
    ["an unknown option", { ...asking(verifierPublicKey), signer: 1 }, "unknown_option", "signer"],
  ])("is not requested with %s", async (_, options, code, field) => {
    const client = (await started()).code;
    const error = await failureOf(client.loginIntents.getUserId(options as never));
    expect(error).toBeInstanceOf(InputError);
    expect(error).toMatchObject({ code, field });
  });
});

describe("a payment with a login", () => {
  it("is created with the verifier's signature, and paid", async () => {
    const { code, emulator } = await started();
    const signer = signerOf(async (signature) => signature);
    const intent = await code.paymentIntents.create({
      ...order,
      login: { domain: "example.com", verifier: signer },
    });
    expect(signer.asked).toHaveLength(1);
    expect(fromBinary(MessageSchema, intent.toBinary()).kind.case).toBe("requestToReceiveBill");
    const waiting = code.paymentIntents.waitForPayment(intent, soon);
    await emulator.wallet.pay(intent);
    expect((await waiting).payment).toMatchObject({ nativeAmount: 2.5 });
    await code.close();
  });

  it("is not created with only a public key", async () => {
    const { code } = await started();
    const unsigned = { ...order, login: { domain: "example.com", verifier: verifierPublicKey } };
    expect(await failureOf(code.paymentIntents.create(unsigned))).toMatchObject({
      code: "missing_option",
      field: "login.verifier",
    });
  });
});
