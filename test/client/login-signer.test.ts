import { toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { MessageSchema, Messaging } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { Identity } from "../../gen/code/user/v1/identity_service_pb.js";
import type { CodeClient, CodeClientOptions, LoginIntent, PaymentIntent, Signer } from "../../src/index.js";
import { encodeUserIdRequest } from "../../src/intents/message.js";
import { fromBase58 } from "../../src/lib/bytes.js";
import { drawnSignature } from "../support/drawn-signature.js";
import { buildLogin, login, signerOf, verifier, verifierPublicKey } from "../support/login.js";
import { cleanUp, clientOf } from "../support/login-client.js";
import { failureOf, order } from "../support/outcomes.js";
import { build } from "../support/payment.js";
import { filled } from "../support/sequencer.js";
import { deferred, turns, until } from "../support/turns.js";
import { hex } from "../support/vectors.js";

afterEach(cleanUp);

/** Builds a client whose sequencer accepts everything, or fails like `answer`. Returns what arrived there. */
function sequencer(answer: () => void = () => {}, more: Partial<CodeClientOptions> = {}) {
  const sent: string[] = [];
  const asked: string[] = [];
  const transport = createRouterTransport(({ service }) => {
    service(Messaging, {
      sendMessage({ message }) {
        sent.push(message === undefined ? "" : hex(toBinary(MessageSchema, message)));
        answer();
        return { messageId: { value: filled(1, 16) } };
      },
    });
    service(Identity, {
      getLoginForThirdPartyApp({ signature }) {
        asked.push(hex(signature?.value ?? new Uint8Array(0)));
        answer();
        return { userId: { value: filled(5) } };
      },
    });
  });
  const retry = { maxAttempts: 4, initialDelayMs: 1, maxDelayMs: 1 };
  return {
    code: clientOf({ transport, retry, logger: { warn() {} }, ...more } as CodeClientOptions),
    sent,
    asked,
  };
}

type Make = (signer: Signer) => LoginIntent | PaymentIntent;
type Asking = LoginIntent | PaymentIntent;

const at = (signer: Signer) => ({ login: { domain: "example.com", verifier: signer } });
const kinds: [string, Make, (code: CodeClient, intent: never, options?: object) => Promise<Asking>][] = [
  ["a login", (signer) => buildLogin(at(signer)), (code, ...given) => code.loginIntents.create(...given)],
  ["a payment", (signer) => build(at(signer)), (code, ...given) => code.paymentIntents.create(...given)],
];

/** Builds a signer that fails this many times before it returns a signature. */
function flaky(failures: number): Signer & { calls: number } {
  return {
    publicKey: verifierPublicKey,
    calls: 0,
    async sign(message) {
      if (++this.calls <= failures) throw new Error(`throttled ${this.calls}`);
      return verifier.key.sign(message);
    },
  };
}

describe.each(kinds)("%s whose signer", (_, make, create) => {
  it("fails at first is retried, and the request is sent once signed", async () => {
    const { code, sent } = sequencer();
    const signer = flaky(2);
    const intent = make(signer);
    expect(await create(code, intent as never)).toBe(intent);
    expect(signer.calls).toBe(3);
    expect(sent).toEqual([hex(intent.toBinary())]);
  });

  it("always fails yields signer_failed with the last cause, and nothing is sent", async () => {
    const { code, sent } = sequencer();
    const signer = flaky(Number.POSITIVE_INFINITY);
    const error = await failureOf(create(code, make(signer) as never));
    expect(error).toMatchObject({
      code: "signer_failed",
      retryable: true,
      cause: { message: "throttled 4" },
    });
    expect([signer.calls, sent]).toEqual([4, []]);
  });

  it("returns a wrong signature is not retried", async () => {
    const { code, sent } = sequencer();
    const signer = signerOf((signature) => signature.map((byte) => byte ^ 1));
    expect(await failureOf(create(code, make(signer) as never))).toMatchObject({
      code: "signer_failed",
      retryable: false,
    });
    expect([signer.asked.length, sent]).toEqual([1, []]);
  });

  it("never returns ends at the deadline, and the error states that nothing was sent", async () => {
    const { code, sent } = sequencer();
    const signer = signerOf(() => new Promise(() => {}));
    const error = await failureOf(create(code, make(signer) as never, { timeoutMs: 60 }));
    expect(error).toMatchObject({ code: "deadline_exceeded", mayHaveArrived: false, retryable: true });
    expect(error.message).toContain("login.verifier");
    expect(error.message).toContain("nothing was sent");
    expect(sent).toEqual([]);
  });

  it("returns after the deadline sends nothing, and the next call reuses the signature", async () => {
    const { code, sent } = sequencer();
    const late = deferred<Uint8Array>();
    const signer = signerOf(() => late.promise);
    const intent = make(signer);
    await failureOf(create(code, intent as never, { timeoutMs: 60 }));
    late.resolve(verifier.key.sign(signer.asked[0] ?? new Uint8Array(0)));
    await turns();
    expect(sent).toEqual([]);
    await create(code, intent as never);
    expect(sent).toEqual([hex(intent.toBinary())]);
    expect(signer.asked).toHaveLength(1);
  });

  it("is slow ends with its signal and with the client, and nothing is sent", async () => {
    const { code, sent } = sequencer();
    const controller = new AbortController();
    const signer = signerOf(() => new Promise(() => {}));
    const aborted = failureOf(create(code, make(signer) as never, { signal: controller.signal }));
    const closed = failureOf(create(code, make(signer) as never));
    await until(() => signer.asked.length === 2);
    controller.abort("mine");
    expect(await aborted).toMatchObject({ code: "aborted", mayHaveArrived: false, cause: "mine" });
    await code.close();
    expect(await closed).toMatchObject({ code: "client_closed", mayHaveArrived: false });
    expect(sent).toEqual([]);
  });

  it("returns random signatures sends always the same one, also in concurrent calls", async () => {
    const { code, sent } = sequencer();
    const signer: Signer = {
      publicKey: verifierPublicKey,
      sign: async (message) => drawnSignature(verifier, message),
    };
    const intent = make(signer);
    await Promise.all([1, 2, 3].map(() => create(code, intent as never)));
    await create(code, intent as never);
    expect(sent).toEqual(Array(4).fill(hex(intent.toBinary())));
  });

  it("has signed is not called again if the connection fails, which leaves the registration unknown", async () => {
    const { code, sent } = sequencer(() => {
      throw new ConnectError("", Code.Internal);
    });
    const signer = signerOf();
    const intent = make(signer);
    expect(await failureOf(create(code, intent as never))).toMatchObject({
      code: "registration_unknown",
      intent,
      cause: { code: "sequencer_failed" },
    });
    expect(signer.asked).toHaveLength(1);
    expect(sent).toEqual(Array(4).fill(hex(intent.toBinary())));
  });

  it("has signed leaves the registration unknown if the response is late", async () => {
    const transport = createRouterTransport(({ service }) => {
      service(Messaging, { sendMessage: () => new Promise(() => {}) });
    });
    const code = clientOf({ transport, timeoutMs: 60 });
    expect(await failureOf(create(code, make(signerOf()) as never))).toMatchObject({
      code: "registration_unknown",
      cause: { code: "deadline_exceeded", mayHaveArrived: true },
    });
  });
});

describe("getUserId", () => {
  const { id } = buildLogin({ login });

  it("signs once, however often the connection fails", async () => {
    let failures = 2;
    const { code, asked } = sequencer(() => {
      if (failures-- > 0) throw new ConnectError("", Code.Unavailable);
    });
    const signer = signerOf();
    const { userId } = await code.loginIntents.getUserId({ intent: id, verifier: signer });
    expect(userId).toEqual(expect.any(String));
    expect([signer.asked.length, asked.length, new Set(asked).size]).toEqual([1, 3, 1]);
  });

  it("retries a failing signer, and throws its error if it keeps failing", async () => {
    const { code, asked } = sequencer();
    await code.loginIntents.getUserId({ intent: id, verifier: flaky(3) });
    const error = await failureOf(code.loginIntents.getUserId({ intent: id, verifier: flaky(9) }));
    expect(error).toMatchObject({ code: "signer_failed", cause: { message: "throttled 4" } });
    expect(asked).toHaveLength(1);
  });

  it("sends nothing if the signer returns a wrong signature, returns late or never returns", async () => {
    const { code, asked } = sequencer();
    const late = deferred<Uint8Array>();
    const ask = (answer: () => unknown, options?: object) =>
      failureOf(code.loginIntents.getUserId({ intent: id, verifier: signerOf(answer) }, options));
    expect(await ask(() => new Uint8Array(64))).toMatchObject({ code: "signer_failed", retryable: false });
    expect(await ask(() => late.promise, { timeoutMs: 60 })).toMatchObject({ code: "deadline_exceeded" });
    late.resolve(verifier.key.sign(encodeUserIdRequest(fromBase58(id) ?? filled(0), verifier.publicKey)));
    await turns();
    expect(asked).toEqual([]);
  });

  it("rejects an OK response without a user as malformed", async () => {
    const transport = createRouterTransport(({ service }) => {
      service(Identity, { getLoginForThirdPartyApp: () => ({}) });
    });
    const code = clientOf({ transport, retry: false });
    for (const intent of [id, build({ ...order, login })]) {
      expect(
        await failureOf(code.loginIntents.getUserId({ intent, verifier: verifier.secretKey })),
      ).toMatchObject({ code: "malformed_response" });
    }
  });
});
