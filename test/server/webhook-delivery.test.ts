import http from "node:http";
import type { AddressInfo } from "node:net";
import { fromBinary } from "@bufbuild/protobuf";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as crypto from "#crypto";
import { SendMessageRequestSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { RegisterWebhookResponse_Result } from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import {
  type DeliverWebhook,
  type Emulator,
  type EmulatorOptions,
  MovableClock,
  memoryStore,
  type Store,
  type WebhookRecord,
  type WebhookRequest,
} from "../../src/emulator/index.js";
import type { Intent } from "../../src/intents/intent.js";
import { LoginIntent } from "../../src/intents/login-intent.js";
import type { PaymentIntent } from "../../src/intents/payment-intent.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { localHosts } from "../../src/server/rules/webhook-url.js";
import { webhookSender } from "../../src/server/webhook/sender.js";
import { webhookToken } from "../../src/server/webhook/token.js";
import { verifyWebhook } from "../../src/webhook/index.js";
import {
  cleanUp,
  type Emulated,
  emulated,
  intentOf,
  later,
  register,
  stoppedRealTime,
} from "../support/emulated.js";
import { listing } from "../support/identity.js";
import { account } from "../support/payment.js";
import { reading } from "../support/reading.js";
import {
  fee,
  filled,
  messagingOf,
  microPaymentOf,
  newKey,
  payment,
  poll,
  sendPayment,
  verifiedPayment,
} from "../support/sequencer.js";
import { type Deferred, deferred, turns, until } from "../support/turns.js";
import { unhex } from "../support/vectors.js";
import { webhookVectors } from "../webhook/support.js";

const lookup = vi.hoisted(() => ({ addresses: new Map<string, string>() }));

// No name leaves this process: the names of a test resolve to the addresses that it sets, and no others
// resolve.
vi.mock("node:dns", async (original) => {
  const dns = await original<typeof import("node:dns")>();
  const stubbed = (
    hostname: string,
    _options: unknown,
    callback: (error: Error | null, addresses: { address: string; family: number }[]) => void,
  ) => {
    const address = lookup.addresses.get(hostname);
    if (address === undefined) callback(new Error(`no such host: ${hostname}`), []);
    else callback(null, [{ address, family: address.includes(":") ? 6 : 4 }]);
  };
  return { ...dns, default: { ...dns, lookup: stubbed }, lookup: stubbed };
});

afterEach(cleanUp);

const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;

// In seconds since the payment: delays of 0, 1 s, 1 s, 15 s, 1 min, 15 min, 1 h and 24 h.
const ATTEMPTS_AT = [0, 1, 2, 17, 77, 977, 4_577, 90_977];

const URL_PAID = "http://localhost/paid";

const verifier = newKey();
const sign = (bytes: Uint8Array) => verifier.sign(bytes);

interface Attempt {
  /** Seconds since the emulator started. */
  readonly at: number;
  readonly request: WebhookRequest;
  readonly answer: Deferred<{ status: number }>;
}

interface Bed extends Emulated {
  readonly store: Store;
  readonly attempts: readonly Attempt[];
}

/**
 * An emulator whose webhooks a test answers: all with one status, or each manually. Then attempts overlap, as
 * on a clock that is not moved.
 */
async function bedOf(answer?: number | Error, options: EmulatorOptions = {}): Promise<Bed> {
  const store = options.store ?? memoryStore();
  const attempts: Attempt[] = [];
  const deliverWebhook: DeliverWebhook = (request) => {
    const attempt = {
      at: (bed.clock.now() - started) / 1000,
      request,
      answer: deferred<{ status: number }>(),
    };
    attempts.push(attempt);
    if (answer instanceof Error) attempt.answer.reject(answer);
    else if (answer !== undefined) attempt.answer.resolve({ status: answer });
    return attempt.answer.promise;
  };
  const bed = { ...(await emulated({ deliverWebhook, ...options, store })), store, attempts };
  bed.clock.overlapping = answer === undefined;
  const started = bed.clock.now();
  return bed;
}

async function registerWebhook(emulator: Emulator, { id, payload }: Intent, url = URL_PAID) {
  const intentId = { value: rendezvousKey(payload).publicKey };
  const { result } = await microPaymentOf(emulator).registerWebhook({ intentId, url });
  return { id, result: RegisterWebhookResponse_Result[result] };
}

/** An order with a webhook. */
async function ordered(emulator: Emulator, url = URL_PAID): Promise<PaymentIntent> {
  const intent = intentOf();
  await register(emulator, intent, { additionalFees: [fee(2, 500)] });
  expect((await registerWebhook(emulator, intent, url)).result).toBe("OK");
  return intent;
}

/** A login request with a webhook. */
async function askedToLogIn(emulator: Emulator): Promise<LoginIntent> {
  const login = { domain: "example.com", verifier: { publicKey: verifier.publicKey, sign } };
  const intent = LoginIntent.from({ login });
  const request = fromBinary(SendMessageRequestSchema, intent.toSendMessageRequest());
  await messagingOf(emulator).sendMessage(request);
  expect((await registerWebhook(emulator, intent)).result).toBe("OK");
  return intent;
}

/** The JSON of the claims in an attempt. */
function claimsOf(attempt: Attempt | undefined): string {
  return Buffer.from(attempt?.request.body.split(".")[1] ?? "", "base64url").toString();
}

async function webhookOf(store: Store, { id }: Intent): Promise<WebhookRecord> {
  const webhook = (await store.dump()).get(id)?.webhook;
  if (webhook === undefined) throw new Error("there is no webhook");
  return webhook;
}

const kindsAt = async (emulator: Emulator, intent: PaymentIntent) =>
  (await poll(emulator, rendezvousKey(intent.payload))).map(({ kind }) => kind.case);
const times = ({ attempts }: Bed) => attempts.map(({ at }) => at);

describe("the webhook schedule", () => {
  it("makes eight attempts at fixed times and gives up a minute after the last", async () => {
    const bed = await bedOf(500);
    const intent = await ordered(bed.emulator);
    await bed.clock.advance(HOUR);
    expect(bed.attempts).toEqual([]);
    expect((await webhookOf(bed.store, intent)).state).toBe("registered");
    const paidAt = bed.clock.now();
    await bed.emulator.wallet.pay(intent);
    expect((await webhookOf(bed.store, intent)).state).toBe("pending");
    let now = 0;
    for (const [index, at] of ATTEMPTS_AT.entries()) {
      if (at > now) await bed.clock.advance((at - now) * SECOND - 1);
      expect(bed.attempts.length).toBe(index);
      await bed.clock.advance(at > now ? 1 : 0);
      expect(bed.attempts.length).toBe(index + 1);
      now = at;
    }
    await bed.clock.advance(MINUTE - 1);
    expect((await webhookOf(bed.store, intent)).state).toBe("pending");
    await bed.clock.advance(1);
    expect(await webhookOf(bed.store, intent)).toMatchObject({
      state: "failed",
      attempts: ATTEMPTS_AT.map((at) => ({ startedAt: paidAt + at * SECOND, httpStatus: 500 })),
    });
    await bed.clock.advance(100 * 24 * HOUR);
    expect(bed.attempts.length).toBe(8);
    expect(bed.clock.pending).toBe(0);
    expect(bed.errors).toEqual([]);
  });

  it("runs the same attempts in one long move of the clock", async () => {
    const bed = await bedOf(new Error("connection refused"));
    const intent = await ordered(bed.emulator);
    await bed.emulator.wallet.pay(intent);
    await bed.clock.advance(100 * 24 * HOUR);
    expect(times(bed)).toEqual(ATTEMPTS_AT);
    const { state, attempts } = await webhookOf(bed.store, intent);
    expect(state).toBe("failed");
    expect(attempts.every(({ error }) => error === "connection refused")).toBe(true);
    expect(await kindsAt(bed.emulator, intent)).toEqual(["requestToReceiveBill", "intentSubmitted"]);
  });

  it("waits three seconds for a response while the next attempts start", async () => {
    const real = stoppedRealTime();
    const bed = await bedOf();
    const intent = await ordered(bed.emulator);
    await bed.emulator.wallet.pay(intent);
    for (const ms of [0, 1_000, 1_000, 999]) {
      await real.advance(ms);
      await bed.clock.advance(ms);
    }
    expect(bed.attempts.map(({ request }) => request.signal.aborted)).toEqual([false, false, false]);
    await bed.clock.advance(14_000);
    expect(bed.attempts.map(({ request }) => request.signal.aborted)).toEqual([false, false, false]);
    await real.advance(1);
    expect(bed.attempts.map(({ request }) => request.signal.aborted)).toEqual([true, false, false]);
    await real.advance(2_000);
    expect(bed.attempts.map(({ request }) => request.signal.aborted)).toEqual([true, true, true]);
    const { attempts } = await webhookOf(bed.store, intent);
    expect(attempts.map(({ error }) => error)).toEqual(Array(3).fill("no response in time"));
    // Too late.
    bed.attempts[0]?.answer.resolve({ status: 200 });
    await turns();
    expect((await webhookOf(bed.store, intent)).state).toBe("pending");
  });

  it.each([199, 201, 202, 204, 301, 302, 400, 404, 500, 0])("treats %s as a failure", async (status) => {
    const bed = await bedOf(status);
    const intent = await ordered(bed.emulator);
    await bed.emulator.wallet.pay(intent);
    await bed.clock.advance(SECOND);
    expect(times(bed)).toEqual([0, 1]);
    expect((await webhookOf(bed.store, intent)).state).toBe("pending");
  });

  it("ends with the first 200", async () => {
    const bed = await bedOf();
    const intent = await ordered(bed.emulator);
    await bed.emulator.wallet.pay(intent);
    for (const [at, status] of [
      [0, 500],
      [1, 200],
    ] as const) {
      await bed.clock.advance(at * SECOND);
      bed.attempts.at(-1)?.answer.resolve({ status });
      await turns();
    }
    expect(bed.clock.pending).toBe(0);
    await bed.clock.advance(100 * 24 * HOUR);
    expect(times(bed)).toEqual([0, 1]);
    expect(await webhookOf(bed.store, intent)).toMatchObject({
      state: "confirmed",
      attempts: [{ httpStatus: 500 }, { httpStatus: 200 }],
    });
  });

  it("lets attempts overlap: a slow success stops those that have not started", async () => {
    const bed = await bedOf();
    const intent = await ordered(bed.emulator);
    await bed.emulator.wallet.pay(intent);
    await bed.clock.advance(2_500);
    expect(times(bed)).toEqual([0, 1, 2]);
    bed.attempts[2]?.answer.resolve({ status: 500 });
    await turns();
    bed.attempts[0]?.answer.resolve({ status: 200 });
    await turns();
    bed.attempts[1]?.answer.reject(new Error("reset"));
    await turns();
    await bed.clock.advance(100 * 24 * HOUR);
    expect(bed.attempts.length).toBe(3);
    const { state, attempts } = await webhookOf(bed.store, intent);
    expect(state).toBe("confirmed");
    expect(attempts.map(({ httpStatus, error }) => httpStatus ?? error)).toEqual([200, "reset", 500]);
    expect(bed.clock.pending).toBe(0);
  });

  it("does not wait for a sender that ignores its signal or throws", async () => {
    const real = stoppedRealTime();
    for (const deliverWebhook of [
      // Three seconds of real time pass as soon as the attempt waits.
      () => new Promise<never>(() => setImmediate(() => void real.advance(3_000))),
      () => {
        throw new Error("thrown");
      },
    ]) {
      const bed = await bedOf(undefined, { deliverWebhook });
      const intent = await ordered(bed.emulator);
      await bed.emulator.wallet.pay(intent);
      await bed.clock.advance(100 * 24 * HOUR);
      const { state, attempts } = await webhookOf(bed.store, intent);
      expect([state, attempts.length]).toEqual(["failed", 8]);
    }
  });

  it("fails the attempts of a revoked intent", async () => {
    const bed = await bedOf(200);
    const intent = await ordered(bed.emulator);
    await bed.emulator.wallet.pay(intent);
    await bed.store.transaction(intent.id, async (transaction) => {
      const record = await transaction.getIntent();
      if (record !== undefined) await transaction.putIntent({ ...record, state: "revoked" });
    });
    await bed.clock.advance(SECOND);
    expect(bed.attempts).toEqual([]);
    const { state, attempts } = await webhookOf(bed.store, intent);
    expect(state).toBe("pending");
    expect(attempts.map(({ error }) => error)).toEqual(Array(2).fill("the intent is revoked"));
  });

  it("is independent for each intent", async () => {
    const bed = await bedOf(500);
    const first = await ordered(bed.emulator);
    const second = await ordered(bed.emulator);
    await bed.emulator.wallet.pay(first);
    await bed.clock.advance(500);
    await bed.emulator.wallet.pay(second);
    await bed.clock.advance(2 * SECOND);
    expect(times(bed)).toEqual([0, 0.5, 1, 1.5, 2, 2.5]);
  });
});

describe("a webhook on a clock that is moved", () => {
  it.each([
    ["while the first attempt runs", 0],
    ["before the first attempt has begun", undefined],
  ])("is delivered once to a receiver that responds, %s", async (_, begun) => {
    const { url, seen } = await receiver((_, response) => setTimeout(() => response.end(), 50));
    const bed = await bedOf(0, {
      clock: new MovableClock(),
      deliverWebhook: webhookSender(localHosts(true)),
    });
    const { emulator } = bed;
    const intent = await ordered(emulator, `${url}/paid`);
    await emulator.wallet.pay(intent);
    if (begun !== undefined) await until(() => seen.length === 1);
    await emulator.clock.advance(HOUR);
    expect(seen.length).toBe(1);
    const { state, attempts } = await webhookOf(bed.store, intent);
    expect([state, attempts.map(({ httpStatus, error }) => error ?? httpStatus)]).toEqual([
      "confirmed",
      [200],
    ]);
  });

  it("is retried at its times while each response takes real time", async () => {
    let failures = 3;
    const { url, seen } = await receiver((_, response) =>
      setTimeout(() => response.writeHead(failures-- > 0 ? 503 : 200).end(), 20),
    );
    const bed = await bedOf(0, { deliverWebhook: webhookSender(localHosts(true)) });
    const { emulator, clock } = bed;
    const intent = await ordered(emulator, `${url}/paid`);
    await emulator.wallet.pay(intent);
    const paidAt = clock.now();
    await clock.advance(HOUR);
    expect(clock.now()).toBe(paidAt + HOUR);
    expect(seen.length).toBe(4);
    const { attempts } = await webhookOf(bed.store, intent);
    expect(attempts).toEqual(
      ATTEMPTS_AT.slice(0, 4).map((at, i) => ({
        startedAt: paidAt + at * SECOND,
        httpStatus: i < 3 ? 503 : 200,
      })),
    );
  });

  it("ends the move if the emulator is reset or closed while an attempt runs", async () => {
    for (const end of ["reset", "close"] as const) {
      stoppedRealTime();
      const begun = deferred<void>();
      const { emulator, clock } = await emulated({
        deliverWebhook: () => {
          begun.resolve();
          return new Promise<never>(() => {});
        },
      });
      const intent = await ordered(emulator);
      await emulator.wallet.pay(intent);
      const moved = clock.advance(HOUR);
      await begun.promise;
      await emulator[end]();
      await moved;
      await cleanUp();
    }
  });
});

describe("a successful webhook", () => {
  it("is stored and sent to the stream", async () => {
    const bed = await bedOf(200);
    const intent = await ordered(bed.emulator);
    const rendezvous = { rendezvousKey: { value: rendezvousKey(intent.payload).publicKey } };
    const stream = reading(messagingOf(bed.emulator).openMessageStream(rendezvous));
    await bed.emulator.wallet.pay(intent);
    await bed.clock.advance(0);
    await until(() => stream.items.length === 3);
    const called = stream.items[2]?.messages[0];
    expect(called?.kind).toMatchObject({
      case: "webhookCalled",
      value: { timestamp: { seconds: BigInt(bed.clock.now() / 1000) } },
    });
    expect(called?.sendMessageRequestSignature).toBeUndefined();
    expect((await poll(bed.emulator, rendezvousKey(intent.payload)))[2]).toEqual(called);
  });

  it("that cannot be stored is treated as a failure and sent again", async () => {
    const inner = memoryStore();
    let failures = 1;
    const store: Store = {
      dump: () => inner.dump(),
      load: (states) => inner.load(states),
      close: () => inner.close(),
      transaction: (intentId, work) =>
        inner.transaction(intentId, (transaction) =>
          work(
            new Proxy(transaction, {
              get(target, name) {
                const method = Reflect.get(target, name) as (...given: unknown[]) => unknown;
                if (name !== "addMessage") return method.bind(target);
                return async (message: { kind: string }) => {
                  if (message.kind === "webhookCalled" && failures-- > 0) throw new Error("no space left");
                  return method.call(target, message);
                };
              },
            }),
          ),
        ),
    };
    const bed = await bedOf(200, { store });
    const intent = await ordered(bed.emulator);
    await bed.emulator.wallet.pay(intent);
    await bed.clock.advance(0);
    expect(bed.errors).toEqual([new Error("no space left")]);
    expect(await webhookOf(store, intent)).toMatchObject({
      state: "pending",
      attempts: [{ httpStatus: 200 }],
    });
    expect(await kindsAt(bed.emulator, intent)).not.toContain("webhookCalled");
    await bed.clock.advance(100 * 24 * HOUR);
    expect(times(bed)).toEqual([0, 1]);
    expect((await webhookOf(store, intent)).state).toBe("confirmed");
    expect(await kindsAt(bed.emulator, intent)).toEqual([
      "requestToReceiveBill",
      "intentSubmitted",
      "webhookCalled",
    ]);
  });

  it("is delivered after the store was unreadable for a while", async () => {
    const inner = memoryStore();
    let failures = 0;
    const store: Store = {
      dump: () => inner.dump(),
      load: (states) => inner.load(states),
      close: () => inner.close(),
      transaction: async (intentId, work) => {
        if (failures-- > 0) throw new Error("away");
        return inner.transaction(intentId, work);
      },
    };
    const bed = await bedOf(200, { store });
    const intent = await ordered(bed.emulator);
    await bed.emulator.wallet.pay(intent);
    failures = 2;
    await bed.clock.advance(HOUR);
    expect(bed.errors).toEqual([new Error("away"), new Error("away")]);
    expect(times(bed)).toEqual([2]);
    expect((await webhookOf(store, intent)).state).toBe("confirmed");
  });
});

describe("the webhook request", () => {
  it("contains a signed token and nothing else, byte for byte", async () => {
    const bed = await bedOf(500, { signingSeed: new Uint8Array(32).fill(7) });
    expect(bed.emulator.webhookPublicKey).toBe("GmaDrppBC7P5ARKV8g3djiwP89vz1jLK23V2GBjuAEGB");
    const intent = await ordered(bed.emulator);
    await bed.emulator.wallet.pay(intent);
    await bed.clock.advance(SECOND);
    const [first, second] = bed.attempts.map(({ request }) => request);
    expect(first).toMatchObject({ url: URL_PAID, headers: { "content-type": "application/jwt" } });
    expect(second?.body).toBe(first?.body);
    const [header, claims] = (first?.body ?? "")
      .split(".")
      .map((part) => Buffer.from(part, "base64url").toString());
    expect(header).toBe('{"alg":"EdDSA","typ":"JWT"}');
    expect(claims).toBe(
      `{"amount":1,"currency":"USD","destination":"${account(1)}","exchangeRate":0.00002,"fees":300000000,"intent":"${intent.id}","quarks":5000000000,"state":"SUBMITTED"}`,
    );
    const verified = await verifyWebhook(first?.body ?? "", {
      publicKey: bed.emulator.webhookPublicKey,
      expect: "unbound",
    });
    expect(verified).toMatchObject({ intent: intent.id, quarks: 5_000_000_000n, fees: 300_000_000n });
    await expect(
      verifyWebhook(first?.body ?? "", { publicKey: account(8), expect: "unbound" }),
    ).rejects.toThrow();
  });

  it("matches the order that it is for", async () => {
    const bed = await bedOf(200);
    const intent = intentOf();
    await register(bed.emulator, intent);
    await registerWebhook(bed.emulator, intent);
    await bed.emulator.wallet.pay(intent);
    await bed.clock.advance(0);
    const { publicKey } = { publicKey: bed.emulator.webhookPublicKey };
    const body = bed.attempts[0]?.request.body ?? "";
    expect(await verifyWebhook(body, { publicKey, expect: intent })).toMatchObject({ intent: intent.id });
    await expect(verifyWebhook(body, { publicKey, expect: intentOf() })).rejects.toThrow();
  });

  it("contains the payer only for a verified domain that knows the payer", async () => {
    const bed = await bedOf(200, {
      walletSeed: filled(3),
      fetchWellKnown: async () => listing(verifier),
    });
    const { userId } = await bed.emulator.wallet.login(await askedToLogIn(bed.emulator));
    await bed.clock.advance(0);
    const order = async (domain?: string) => {
      const intent = intentOf();
      const key = rendezvousKey(intent.payload);
      await sendPayment(
        bed.emulator,
        key,
        domain === undefined
          ? payment({ domain: { value: "example.com" } })
          : verifiedPayment(key, verifier, domain),
      );
      await registerWebhook(bed.emulator, intent);
      return intent;
    };
    const { wallet, webhookPublicKey: publicKey } = bed.emulator;
    const [told, untold, unverified] = [
      await order("example.com"),
      await order("example.com"),
      await order(),
    ];
    await wallet.pay(told);
    await wallet.pay(untold, { anonymous: true });
    await wallet.pay(unverified);
    await bed.clock.advance(0);
    expect(claimsOf(bed.attempts[1])).toBe(
      `{"amount":1,"currency":"USD","destination":"${account(1)}","exchangeRate":0.00002,"fees":50000000,"intent":"${told.id}","quarks":5000000000,"state":"SUBMITTED","user":"${userId}"}`,
    );
    const bodies = bed.attempts.slice(1).map(({ request }) => request.body);
    const claims = await Promise.all(
      [told, untold, unverified].map((expect, i) => verifyWebhook(bodies[i] ?? "", { publicKey, expect })),
    );
    expect(claims).toMatchObject([
      { kind: "payment", intent: told.id, user: userId },
      { kind: "payment", intent: untold.id },
      { kind: "payment", intent: unverified.id },
    ]);
    expect(claims.slice(1).map((claim) => "user" in claim)).toEqual([false, false]);
  });

  it("contains only the user for a login, and nothing about the intent", async () => {
    const bed = await bedOf(200, { fetchWellKnown: async () => listing(verifier) });
    const intent = await askedToLogIn(bed.emulator);
    const { userId } = await bed.emulator.wallet.login(intent, { user: "alice" });
    await bed.clock.advance(0);
    expect(claimsOf(bed.attempts[0])).toBe(`{"user":"${userId}"}`);
    const body = bed.attempts[0]?.request.body ?? "";
    const publicKey = bed.emulator.webhookPublicKey;
    const claims = await verifyWebhook(body, { publicKey, expect: { kind: "login", user: userId } });
    expect(claims).toEqual({ kind: "login", bound: false, user: userId });
    const other = { kind: "login", user: account(8) } as const;
    await expect(verifyWebhook(body, { publicKey, expect: other })).rejects.toThrow();
    expect((await webhookOf(bed.store, intent)).state).toBe("confirmed");
  });

  it("is the token of the official client's vector, byte for byte", () => {
    const [vector] = webhookVectors.filter(({ id }) => id === "login-only");
    if (vector === undefined) throw new Error("the vector is gone");
    const { user } = JSON.parse(vector.claimsJson) as { user: string };
    const intent = { state: "submitted", submittedAt: 0, payment: undefined, user } as const;
    const key = crypto.keyFromSeed(unhex(vector.signerSeedHex));
    expect(webhookToken(account(1), intent, key)).toBe(vector.token);
  });

  it("contains empty claims for an intent without a payment and a user", async () => {
    const bed = await bedOf(200);
    const intent = await ordered(bed.emulator);
    await bed.store.transaction(intent.id, async (transaction) => {
      await transaction.putIntent({ state: "submitted", submittedAt: 0, payment: undefined });
      const webhook = await transaction.getWebhook();
      if (webhook !== undefined) await transaction.putWebhook({ ...webhook, state: "pending" });
    });
    const state = await bed.emulator.exportState();
    await bed.emulator.importState(state);
    await bed.clock.advance(0);
    expect(claimsOf(bed.attempts[0])).toBe("{}");
  });
});

describe("a webhook registration", () => {
  it("is rejected after the intent is submitted", async () => {
    const bed = await bedOf(200);
    const intent = intentOf();
    await register(bed.emulator, intent);
    await bed.emulator.wallet.pay(intent);
    expect((await registerWebhook(bed.emulator, intent)).result).toBe("INTENT_EXISTS");
    await bed.clock.advance(HOUR);
    expect(bed.attempts).toEqual([]);
    expect(await kindsAt(bed.emulator, intent)).toEqual(["requestToReceiveBill", "intentSubmitted"]);
  });

  it("keeps the first registered URL", async () => {
    const bed = await bedOf(200);
    const intent = await ordered(bed.emulator);
    expect((await registerWebhook(bed.emulator, intent, "http://localhost/other")).result).toBe(
      "ALREADY_REGISTERED",
    );
    await bed.emulator.wallet.pay(intent);
    await bed.clock.advance(0);
    expect(bed.attempts.map(({ request }) => request.url)).toEqual([URL_PAID]);
  });
});

describe("an interrupted webhook delivery", () => {
  it("stops with the emulator and resumes in another one", async () => {
    const store = memoryStore();
    const bed = await bedOf(500, { store });
    const intent = await ordered(bed.emulator);
    await bed.emulator.wallet.pay(intent);
    await bed.clock.advance(3 * SECOND);
    await bed.emulator.close();
    expect(bed.clock.pending).toBe(0);
    await bed.clock.advance(HOUR);
    expect(times(bed)).toEqual([0, 1, 2]);
    const next = await bedOf(200, { store });
    await next.clock.advance(15 * SECOND - 1);
    expect(next.attempts).toEqual([]);
    await next.clock.advance(1);
    expect(times(next)).toEqual([15]);
    expect(await webhookOf(store, intent)).toMatchObject({
      state: "confirmed",
      attempts: [{ httpStatus: 500 }, { httpStatus: 500 }, { httpStatus: 500 }, { httpStatus: 200 }],
    });
    // A confirmed webhook is not sent again.
    await next.emulator.close();
    const last = await bedOf(200, { store });
    await last.clock.advance(HOUR);
    expect(last.attempts).toEqual([]);
  });

  it("does not record an attempt that the emulator itself aborted", async () => {
    const store = memoryStore();
    const bed = await bedOf(undefined, { store });
    const intent = await ordered(bed.emulator);
    await bed.emulator.wallet.pay(intent);
    await bed.clock.advance(0);
    await bed.emulator.close();
    expect(bed.attempts[0]?.request.signal.aborted).toBe(true);
    bed.attempts[0]?.answer.resolve({ status: 200 });
    await turns();
    expect(await webhookOf(store, intent)).toMatchObject({ state: "pending", attempts: [] });
    expect(bed.errors).toEqual([]);
    const next = await bedOf(200, { store });
    await next.clock.advance(0);
    expect(times(next)).toEqual([0]);
  });

  it("gives up after a restart if all attempts were made", async () => {
    const store = memoryStore();
    const bed = await bedOf(500, { store });
    const intent = await ordered(bed.emulator);
    await bed.emulator.wallet.pay(intent);
    await bed.clock.advance(91_000 * SECOND);
    expect(bed.attempts.length).toBe(8);
    await bed.emulator.close();
    const next = await bedOf(200, { store });
    await next.clock.advance(MINUTE);
    expect(next.attempts).toEqual([]);
    expect((await webhookOf(store, intent)).state).toBe("failed");
  });

  it("drops every schedule and every attempt on reset", async () => {
    const bed = await bedOf();
    const intents = [await ordered(bed.emulator), await ordered(bed.emulator)];
    for (const intent of intents) await bed.emulator.wallet.pay(intent);
    await bed.clock.advance(0);
    const exported = await bed.emulator.exportState();
    await bed.emulator.reset();
    expect(bed.attempts.map(({ request }) => request.signal.aborted)).toEqual([true, true]);
    expect(bed.clock.pending).toBe(0);
    await bed.emulator.importState(exported);
    for (const { answer } of bed.attempts) answer.resolve({ status: 200 });
    await turns();
    for (const intent of intents) {
      expect(await webhookOf(bed.store, intent)).toMatchObject({ state: "pending", attempts: [] });
    }
    await bed.clock.advance(0);
    expect(bed.attempts.length).toBe(4);
  });

  it("fails the emulator's start and frees the port if the store cannot be read", async () => {
    const inner = memoryStore();
    const store: Store = {
      transaction: (intentId, work) => inner.transaction(intentId, work),
      dump: () => Promise.reject(new Error("unreadable")),
      load: (states) => inner.load(states),
      close: () => inner.close(),
    };
    const port = await freePort();
    await expect(emulated({ store, port })).rejects.toThrow("unreadable");
    const { emulator } = await emulated({ port });
    expect(emulator.port).toBe(port);
  });
});

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver on loopback. */
async function receiver(
  answer: (seen: Seen, response: http.ServerResponse) => void,
): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = http.createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const entry = { method: request.method, url: request.url, headers: request.headers, body };
    seen.push(entry);
    answer(entry, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  later(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

async function freePort(): Promise<number> {
  const { emulator } = await emulated();
  await emulator.close();
  return emulator.port;
}

function requestTo(url: string, signal = new AbortController().signal): WebhookRequest {
  return { url, headers: { "content-type": "application/jwt" }, body: "a.b.c", signal };
}

describe("webhookSender", () => {
  const send = webhookSender(localHosts(true));

  it("posts the token with its type and length, and nothing else", async () => {
    const { url, seen } = await receiver((_, response) => response.end("ignored"));
    expect(await send(requestTo(`${url}/paid?order=1`))).toEqual({ status: 200 });
    expect(seen.length).toBe(1);
    expect(seen[0]).toMatchObject({ method: "POST", url: "/paid?order=1", body: "a.b.c" });
    expect(seen[0]?.headers).toEqual({
      "content-type": "application/jwt",
      "content-length": "5",
      host: url.slice("http://".length),
      connection: "close",
    });
  });

  it.each([200, 201, 204, 304, 404, 500])("returns the status %s unchanged", async (status) => {
    const { url } = await receiver((_, response) => response.writeHead(status).end());
    expect(await send(requestTo(url))).toEqual({ status });
  });

  it.each([301, 302, 303])("follows a %s with a GET without a body", async (status) => {
    const { url, seen } = await receiver(({ url: path }, response) => {
      if (path === "/paid") response.writeHead(status, { location: "/elsewhere" }).end();
      else response.end();
    });
    expect(await send(requestTo(`${url}/paid`))).toEqual({ status: 200 });
    expect(seen[1]).toMatchObject({ method: "GET", url: "/elsewhere", body: "" });
    expect(seen[1]?.headers["content-type"]).toBeUndefined();
    expect(seen[1]?.headers["content-length"]).toBeUndefined();
  });

  it.each([307, 308])("follows a %s with the same POST", async (status) => {
    const { url, seen } = await receiver(({ url: path }, response) => {
      if (path === "/paid") response.writeHead(status, { location: "/elsewhere" }).end();
      else response.end();
    });
    expect(await send(requestTo(`${url}/paid`))).toEqual({ status: 200 });
    expect(seen[1]).toMatchObject({ method: "POST", url: "/elsewhere", body: "a.b.c" });
  });

  it("stays with GET after a redirect to GET", async () => {
    const { url, seen } = await receiver(({ url: path }, response) => {
      if (path === "/1") response.writeHead(302, { location: "/2" }).end();
      else if (path === "/2") response.writeHead(307, { location: "/3" }).end();
      else response.writeHead(204).end();
    });
    expect(await send(requestTo(`${url}/1`))).toEqual({ status: 204 });
    expect(seen.map(({ method }) => method)).toEqual(["POST", "GET", "GET"]);
  });

  it("rejects a redirect loop, a redirect away from http and an invalid redirect URL", async () => {
    const circle = await receiver((_, response) => response.writeHead(302, { location: "/" }).end());
    await expect(send(requestTo(circle.url))).rejects.toThrow("stopped after 10 redirects");
    expect(circle.seen.length).toBe(11);
    for (const location of ["ftp://127.0.0.1/", "file:///etc/passwd", "http://"]) {
      const { url } = await receiver((_, response) => response.writeHead(302, { location }).end());
      await expect(send(requestTo(url))).rejects.toThrow();
    }
  });

  it("treats a redirect without a target as the response", async () => {
    const { url } = await receiver((_, response) => response.writeHead(302).end());
    expect(await send(requestTo(url))).toEqual({ status: 302 });
  });

  it("does not wait for an endless body", async () => {
    const { url } = await receiver((_, response) => {
      response.writeHead(200);
      response.write("more to come");
    });
    expect(await send(requestTo(url))).toEqual({ status: 200 });
  });

  it("rejects when its time is over, also between redirects", async () => {
    const end = new AbortController();
    const silent = await receiver(() => end.abort(new Error("no response in time")));
    await expect(send(requestTo(silent.url, end.signal))).rejects.toThrow();
    const second = new AbortController();
    const redirecting = await receiver((_, response) => {
      response.writeHead(302, { location: "/" }).end();
      if (redirecting.seen.length === 2) second.abort();
    });
    await expect(send(requestTo(redirecting.url, second.signal))).rejects.toThrow();
    await expect(send(requestTo(silent.url, AbortSignal.abort()))).rejects.toThrow();
  });

  it("rejects a connection that is refused or broken", async () => {
    await expect(send(requestTo(`http://127.0.0.1:${await freePort()}/`))).rejects.toThrow("ECONNREFUSED");
    const { url } = await receiver((_, response) => response.socket?.destroy());
    await expect(send(requestTo(url))).rejects.toThrow();
  });

  it("is the default of an emulator on loopback, which stores its results", async () => {
    const { url, seen } = await receiver((_, response) => response.end());
    const store = memoryStore();
    const { emulator, clock } = await emulated({ store });
    const intent = await ordered(emulator, `${url}/paid`);
    await emulator.wallet.pay(intent);
    await clock.advance(0);
    await until(async () => (await webhookOf(store, intent)).state === "confirmed");
    expect(seen.length).toBe(1);
    const claims = await verifyWebhook(seen[0]?.body ?? "", {
      publicKey: emulator.webhookPublicKey,
      expect: "unbound",
    });
    expect(claims).toMatchObject({ intent: intent.id });
  });
});

describe("webhookSender beyond loopback", () => {
  const send = webhookSender(localHosts(false));

  it.each([
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0.0.0.0",
    "10.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[fc00::1]",
    "[fe80::1]",
  ])("never connects to the private address %s", async (host) => {
    for (const scheme of ["http", "https"]) {
      await expect(send(requestTo(`${scheme}://${host}/paid`))).rejects.toThrow("the address is private");
    }
  });

  it.each(["127.0.0.1", "10.1.2.3", "::1", "::ffff:10.0.0.1", "fd00::1"])(
    "never connects to a name with the address %s",
    async (address) => {
      const { url, seen } = await receiver((_, response) => response.end());
      lookup.addresses.set("rebound.example", address);
      const port = new URL(url).port;
      await expect(send(requestTo(`http://rebound.example:${port}/`))).rejects.toThrow(
        "rebound.example has no public address",
      );
      expect(seen).toEqual([]);
    },
  );

  it("calls a listed host at a private address, and does not follow its redirect to another one", async () => {
    lookup.addresses.set("inside.example", "127.0.0.1");
    const { url, seen } = await receiver((_, response) =>
      response.writeHead(302, { location: url.replace("127.0.0.1", "inside.example") }).end(),
    );
    const listed = webhookSender(localHosts(["10.0.0.7"]));
    await expect(webhookSender((host) => host === "127.0.0.1")(requestTo(`${url}/paid`))).rejects.toThrow(
      "inside.example has no public address",
    );
    expect(seen.map(({ url: path }) => path)).toEqual(["/paid"]);
    await expect(listed(requestTo("http://10.0.0.8/paid"))).rejects.toThrow("the address is private");
  });

  it("rejects a name that does not resolve", async () => {
    await expect(send(requestTo("http://nowhere.example/"))).rejects.toThrow("no such host: nowhere.example");
  });

  it("is the default of an emulator without local webhooks", async () => {
    const store = memoryStore();
    const resolveHost = async () => {};
    const { emulator, clock } = await emulated({ store, resolveHost, allowLocalWebhooks: false });
    const intent = intentOf();
    await register(emulator, intent);
    lookup.addresses.set("inside.example", "127.0.0.1");
    expect((await registerWebhook(emulator, intent, "http://localhost:1/")).result).toBe("INVALID_URL");
    expect((await registerWebhook(emulator, intent, "https://inside.example/")).result).toBe("OK");
    await emulator.wallet.pay(intent);
    await clock.advance(0);
    await until(async () => (await webhookOf(store, intent)).attempts.length === 1);
    expect((await webhookOf(store, intent)).attempts[0]).toMatchObject({
      error: "inside.example has no public address",
    });
  });
});
