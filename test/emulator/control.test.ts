import { createHash } from "node:crypto";
import { create, toBinary, toJson } from "@bufbuild/protobuf";
import {
  type Client,
  Code,
  ConnectError,
  createClient,
  createContextValues,
  createRouterTransport,
  type HandlerContext,
  type Transport,
} from "@connectrpc/connect";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { MessageSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  type EmulatedIntent,
  EmulatedIntentSchema,
  EmulatorService,
  WebhookState,
} from "../../gen/codeintents/emulator/v1/emulator_service_pb.js";
import { WalletService } from "../../gen/codeintents/emulator/v1/wallet_service_pb.js";
import { controlAuthorization, remoteAddressKey } from "../../src/emulator/control/access.js";
import { type Emulator, memoryStore } from "../../src/emulator/index.js";
import { InputError } from "../../src/errors.js";
import type { PaymentIntent } from "../../src/intents/payment-intent.js";
import { concatBytes, fromBase58, toBase58 } from "../../src/lib/bytes.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { randomNonce } from "../../src/rendezvous/nonce.js";
import { encodePayload } from "../../src/rendezvous/payload.js";
import { readState, writeState } from "../../src/server/store/state-text.js";
import type { KeyState } from "../../src/server/store/store.js";
import {
  cleanUp,
  connectHttp2,
  emulated,
  grpc,
  grpcWeb,
  intentOf,
  isStreamOpen,
  memory,
  register,
} from "../support/emulated.js";
import { getLoginRequest, listing, loginOf } from "../support/identity.js";
import { account } from "../support/payment.js";
import { runs } from "../support/property.js";
import { reading } from "../support/reading.js";
import {
  codeScanned,
  fee,
  filled,
  invalid,
  kin,
  lengthDelimited,
  login,
  messagingOf,
  microPaymentOf,
  newKey,
  poll,
  refusalOf,
  sendLogin,
  sendPayment,
  verifiedPayment,
} from "../support/sequencer.js";
import { until } from "../support/turns.js";

afterEach(cleanUp);

const TOKEN = "a token of many characters";

interface Controls {
  readonly wallet: Client<typeof WalletService>;
  readonly control: Client<typeof EmulatorService>;
}

function controlsOf(transport: Transport): Controls {
  return {
    wallet: createClient(WalletService, transport),
    control: createClient(EmulatorService, transport),
  };
}

const verifier = newKey();

/** The 20 bytes of the scan code of a login request. */
async function askedToLogIn(emulator: Emulator): Promise<Uint8Array> {
  const payload = encodePayload({ kind: "login", nonce: randomNonce() });
  const key = rendezvousKey(payload);
  await sendLogin(emulator, key, login(key, verifier, "example.com"));
  return payload;
}

const idOf = (payload: Uint8Array) => toBase58(rendezvousKey(payload).publicKey);
const intentIdOf = ({ payload }: PaymentIntent) => ({ value: rendezvousKey(payload).publicKey });

/** A request with fees and a webhook, paid and delivered. */
async function fulfilled(emulator: Emulator): Promise<PaymentIntent> {
  const intent = intentOf();
  await register(emulator, intent, { additionalFees: [fee(2, 500)] });
  await microPaymentOf(emulator).registerWebhook({
    intentId: intentIdOf(intent),
    url: "http://localhost/paid",
  });
  await emulator.wallet.scan(intent);
  await emulator.wallet.pay(intent);
  await emulator.clock.advance(0);
  return intent;
}

/** As JSON, since the transport decides whether bytes are a Buffer. */
const plain = (intent: EmulatedIntent | undefined) =>
  intent === undefined ? undefined : toJson(EmulatedIntentSchema, intent);

const deliverWebhook = async () => ({ status: 200 });

describe.each([memory, connectHttp2, grpc, grpcWeb])("over $name", ({ open }) => {
  it("lets the wallet scan, decline, leave and pay", async () => {
    const { emulator } = await emulated();
    const { wallet } = controlsOf(open(emulator));
    const intent = intentOf();
    const { payload } = intent;
    await register(emulator, intent, { additionalFees: [fee(2, 500)] });
    expect(await wallet.scan({ payload })).toMatchObject({
      intentId: intent.id,
      payment: {
        destination: account(1),
        currency: "usd",
        nativeAmount: 1,
        fees: [{ destination: account(2), basisPoints: 500 }],
      },
    });
    expect((await wallet.reject({ payload })).intentId).toBe(intent.id);
    expect((await wallet.vanish({ payload })).intentId).toBe(intent.id);
    expect(await refusalOf(wallet.pay({ target: { case: "payload", value: payload } }))).toEqual(
      invalid("the payer has left; scan again first"),
    );
    await wallet.scan({ payload });
    const target = { case: "payload", value: payload } as const;
    expect(await refusalOf(wallet.pay({ target, currency: "eur" }))).toEqual(
      invalid("payment has a request for usd currency"),
    );
    expect(await refusalOf(wallet.pay({ target, nativeAmount: Number.NaN }))).toEqual(
      invalid("payment has a request for 1.00 native amount"),
    );
    expect(await refusalOf(wallet.pay({ target, destination: account(3) }))).toEqual(
      invalid(`payment has a request to destination ${account(1)}`),
    );
    expect(await wallet.pay({ target, nativeAmount: 1.00005 })).toMatchObject({
      intentId: intent.id,
      payment: {
        destination: account(1),
        currency: "usd",
        nativeAmount: 1.00005,
        exchangeRate: 0.00002,
        quarks: 5_000_250_000n,
        feeQuarks: 50_000_000n + 250_012_500n,
      },
    });
    const kinds = (await poll(emulator, rendezvousKey(payload))).map(({ kind }) => kind.case);
    expect(kinds).toEqual([
      "requestToReceiveBill",
      "codeScanned",
      "clientRejectedPayment",
      "codeScanned",
      "intentSubmitted",
    ]);
  });

  it("lets the wallet pay an intent id", async () => {
    const { emulator } = await emulated();
    const { wallet } = controlsOf(open(emulator));
    const intent = intentOf();
    await register(emulator, intent);
    const target = { case: "intentId", value: intent.id } as const;
    expect((await wallet.pay({ target })).intentId).toBe(intent.id);
    expect(await refusalOf(wallet.pay({ target }))).toEqual(invalid("client submitted intent"));
  });

  it("lets the wallet scan, decline and complete a login", async () => {
    const { emulator } = await emulated({ fetchWellKnown: async () => listing(verifier) });
    const { wallet } = controlsOf(open(emulator));
    const [byCode, byId] = [await askedToLogIn(emulator), await askedToLogIn(emulator)];
    const payload = byCode;
    const intentId = idOf(byCode);
    const seen = await wallet.scan({ payload });
    expect(seen).toMatchObject({ intentId, domain: "example.com", verified: true });
    expect(seen.payment).toBeUndefined();
    expect((await wallet.reject({ payload })).intentId).toBe(intentId);
    const target = { case: "payload", value: payload } as const;
    const alice = await wallet.login({ target, user: "alice" });
    expect(alice).toMatchObject({ intentId, domain: "example.com" });
    expect(fromBase58(alice.userId)).toHaveLength(32);
    expect(await refusalOf(wallet.login({ target, user: "bob" }))).toEqual(invalid("DIFFERENT_LOGIN_EXISTS"));
    const own = await wallet.login({ target: { case: "intentId", value: idOf(byId) } });
    expect(own).toMatchObject({ intentId: idOf(byId), domain: "example.com" });
    expect(own.userId).not.toBe(alice.userId);
    const kinds = (await poll(emulator, rendezvousKey(payload))).map(({ kind }) => kind.case);
    expect(kinds).toEqual(["requestToLogin", "codeScanned", "clientRejectedLogin", "intentSubmitted"]);

    const paidBy = async (options: { user?: string; anonymous?: boolean }) => {
      const intent = intentOf();
      const key = rendezvousKey(intent.payload);
      await sendPayment(emulator, key, verifiedPayment(key, verifier, "example.com"));
      const { domain, verified } = await wallet.scan({ payload: intent.payload });
      expect([domain, verified]).toEqual(["example.com", true]);
      return (await wallet.pay({ target: { case: "payload", value: intent.payload }, ...options })).userId;
    };
    expect(await paidBy({})).toBe(own.userId);
    expect(await paidBy({ user: "alice" })).toBe(alice.userId);
    expect(await paidBy({ user: "alice", anonymous: true })).toBe("");
  });

  it("returns one intent, or all with the oldest first", async () => {
    const { emulator, clock } = await emulated({ deliverWebhook });
    const { control } = controlsOf(open(emulator));
    expect(await control.listIntents({})).toMatchObject({ intents: [] });
    const startedAt = BigInt(clock.now() / 1000);
    const second = intentOf();
    await clock.advance(5_000);
    const first = await fulfilled(emulator);
    await clock.advance(5_000);
    await register(emulator, second);
    const stream = reading(messagingOf(emulator).openMessageStream({ rendezvousKey: intentIdOf(second) }));
    await until(() => stream.items.length === 1);
    const { intents } = await control.listIntents({});
    expect(intents.map(({ intentId }) => intentId)).toEqual([first.id, second.id]);
    const { intent: shown } = await control.getIntent({ intentId: first.id });
    expect(plain(shown)).toEqual(plain(intents[0]));
    expect(intents[0]).toMatchObject({
      firstSeenAt: { seconds: startedAt + 5n, nanos: 0 },
      requested: { nativeAmount: 1, fees: [{ basisPoints: 500 }] },
      submitted: { quarks: 5_000_000_000n, feeQuarks: 300_000_000n },
      domain: "",
      intentSubmitted: true,
      streamOpen: false,
      webhook: {
        url: "http://localhost/paid",
        state: WebhookState.CONFIRMED,
        attempts: [{ startedAt: { seconds: startedAt + 5n }, httpStatus: 200, error: "" }],
      },
    });
    expect(intents[0]?.messages.map(({ kind }) => kind)).toEqual([
      "request_to_receive_bill",
      "code_scanned",
      "intent_submitted",
      "webhook_called",
    ]);
    expect(intents[1]).toMatchObject({ intentSubmitted: false, streamOpen: true, messages: [{}] });
    expect(intents[1]?.submitted).toBeUndefined();
    expect(intents[1]?.webhook).toBeUndefined();
  });

  it("moves the clock", async () => {
    const { emulator, clock } = await emulated();
    const { control } = controlsOf(open(emulator));
    const before = clock.now();
    const { now } = await control.advanceClock({ duration: { seconds: 61n, nanos: 500_000_000 } });
    expect(Number(now?.seconds) * 1000 + (now?.nanos ?? 0) / 1e6).toBe(before + 61_500);
    expect(clock.now()).toBe(before + 61_500);
    await control.advanceClock({});
    expect(clock.now()).toBe(before + 61_500);
  });

  it("names the invalid field of a request", async () => {
    const { emulator, clock } = await emulated();
    const { wallet, control } = controlsOf(open(emulator));
    const before = clock.now();
    const text = async (call: Promise<unknown>) => {
      const { code, text } = await refusalOf(call);
      expect(code).toBe("InvalidArgument");
      return text;
    };
    for (const payload of [filled(1, 0), filled(1, 19), filled(1, 21)]) {
      expect(await text(wallet.scan({ payload }))).toMatch(/^payload: /);
      expect(await text(wallet.reject({ payload }))).toMatch(/^payload: /);
      expect(await text(wallet.vanish({ payload }))).toMatch(/^payload: /);
      const target = { case: "payload", value: payload } as const;
      expect(await text(wallet.pay({ target }))).toMatch(/^payload: /);
      expect(await text(wallet.login({ target }))).toMatch(/^payload: /);
    }
    expect(await text(wallet.pay({}))).toMatch(/^target: /);
    expect(await text(wallet.login({}))).toMatch(/^target: /);
    const noUser = { target: { case: "intentId", value: account(1) }, user: "" } as const;
    expect(await text(wallet.login(noUser))).toMatch(/^user: /);
    expect(await text(wallet.pay(noUser))).toMatch(/^user: /);
    for (const intentId of ["", "0OIl", "abc", "1".repeat(33), "z".repeat(10_000)]) {
      const target = { case: "intentId", value: intentId } as const;
      expect(await text(wallet.pay({ target }))).toMatch(/^intent_id: /);
      expect(await text(wallet.login({ target }))).toMatch(/^intent_id: /);
      expect(await text(control.getIntent({ intentId }))).toMatch(/^intent_id: /);
    }
    for (const duration of [
      { seconds: -1n },
      { nanos: -1_000_000 },
      { seconds: 2n ** 62n },
      { seconds: 10n ** 12n },
    ]) {
      expect(await text(control.advanceClock({ duration }))).toMatch(/^duration: /);
    }
    expect(await text(control.importState({ state: "" }))).toMatch(/^state: /);
    expect(await refusalOf(control.getIntent({ intentId: account(1) }))).toEqual({
      code: "NotFound",
      text: "nothing is stored for this intent",
    });
    expect(clock.now()).toBe(before);
  });

  it("restores an exported state unchanged", async () => {
    const store = memoryStore();
    const fetchWellKnown = async () => listing(verifier);
    const { emulator } = await emulated({ store, deliverWebhook, fetchWellKnown });
    const { control } = controlsOf(open(emulator));
    await fulfilled(emulator);
    const loggedIn = await askedToLogIn(emulator);
    const { userId } = await emulator.wallet.login(loggedIn);
    const withKin = intentOf({ currency: "kin", amount: "2500" });
    await register(emulator, withKin, { exchangeData: kin() });
    const before = await store.dump();
    const shown = (await control.listIntents({})).intents.map(plain);
    const { state } = await control.exportState({});
    await control.reset({});
    expect((await control.listIntents({})).intents).toEqual([]);
    expect((await store.dump()).size).toBe(0);
    await control.importState({ state });
    expect(await store.dump()).toEqual(before);
    expect((await control.listIntents({})).intents.map(plain)).toEqual(shown);
    expect(await control.exportState({})).toMatchObject({ state });
    await emulator.wallet.pay(withKin);
    const key = rendezvousKey(loggedIn);
    expect(await loginOf(emulator, getLoginRequest(key.publicKey, verifier))).toEqual(["OK", userId]);
    expect((await emulator.wallet.login(loggedIn)).userId).toBe(userId);
    expect(await refusalOf(emulator.wallet.login(loggedIn, { user: "bob" }))).toEqual(
      invalid("DIFFERENT_LOGIN_EXISTS"),
    );
  });

  it("downloads and uploads a state far above the size of a message, in chunks", async () => {
    const store = memoryStore();
    const { emulator } = await emulated({ store });
    const { control } = controlsOf(open(emulator));
    const padding = lengthDelimited(1000, new Uint8Array(60_000));
    const bytes = concatBytes(toBinary(MessageSchema, create(MessageSchema, { kind: codeScanned })), padding);
    const states = Array.from({ length: 100 }, (_, i): [string, KeyState] => [
      toBase58(filled(i)),
      {
        messages: [{ messageId: toBase58(filled(i, 16)), kind: "é😀", bytes, createdAt: i }],
        firstSeenAt: i,
      },
    ]);
    await store.load(new Map(states));
    const chunks: string[] = [];
    for await (const { chunk } of control.downloadState({})) chunks.push(chunk);
    expect(chunks.length).toBeGreaterThan(20);
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(262_144);
    const state = chunks.join("");
    expect(state).toBe(await emulator.exportState());
    await emulator.reset();
    await control.uploadState(
      (async function* () {
        for (const chunk of chunks) yield { chunk };
      })(),
    );
    // As hex: expect compares byte arrays of this size far more slowly.
    const printed = (entries: Iterable<[string, KeyState]>) =>
      [...entries].map(([key, { messages = [], ...rest }]) => [
        key,
        rest,
        messages.map(({ bytes, ...message }) => ({ ...message, bytes: Buffer.from(bytes).toString("hex") })),
      ]);
    expect(printed(await store.dump())).toEqual(printed(states));
    const half = (async function* () {
      yield { chunk: state.slice(0, 1_000) };
    })();
    expect(await refusalOf(control.uploadState(half))).toEqual(
      invalid("state: is not an exported state (code-intents/emulator-state/v1)"),
    );
    expect((await store.dump()).size).toBe(100);
  });

  it("ends the streams at a reset and an import", async () => {
    const { emulator } = await emulated();
    const { control } = controlsOf(open(emulator));
    const intent = intentOf();
    await register(emulator, intent);
    const { state } = await control.exportState({});
    for (const act of [() => control.importState({ state }), () => control.reset({})]) {
      const stream = reading(messagingOf(emulator).openMessageStream({ rendezvousKey: intentIdOf(intent) }));
      await until(() => stream.items.length === 1);
      expect(await isStreamOpen(emulator, intent.id)).toBe(true);
      await act();
      expect(await stream.ending).toEqual({ code: "Unavailable", text: "" });
    }
  });
});

describe("a login", () => {
  it("is returned with its domain and user, and without a payment", async () => {
    const { emulator } = await emulated({ fetchWellKnown: async () => listing(verifier) });
    const intentId = idOf(await askedToLogIn(emulator));
    const { wallet, control } = controlsOf(emulator.transport);
    const { intent } = await control.getIntent({ intentId });
    expect(intent).toMatchObject({
      domain: "example.com",
      verified: true,
      userId: "",
      intentSubmitted: false,
    });
    expect(intent?.requested).toBeUndefined();
    expect(await refusalOf(wallet.pay({ target: { case: "intentId", value: intentId } }))).toEqual(
      invalid("the request doesn't require payment"),
    );
    const { state } = await control.exportState({});
    await control.importState({ state });
    expect(await control.getIntent({ intentId })).toMatchObject({ intent: intent as EmulatedIntent });
    const { userId } = await wallet.login({ target: { case: "intentId", value: intentId } });
    expect((await control.getIntent({ intentId })).intent).toMatchObject({
      domain: "example.com",
      verified: true,
      userId,
      intentSubmitted: true,
    });
  });
});

describe("access to the control services", () => {
  const calls = ({ wallet, control }: Controls, headers?: Record<string, string>) => {
    const options = headers === undefined ? {} : { headers };
    const payload = intentOf().payload;
    return [
      () => control.listIntents({}, options),
      () => control.getIntent({ intentId: account(1) }, options),
      () => control.reset({}, options),
      () => control.exportState({}, options),
      () => control.importState({ state: "" }, options),
      () => firstOf(control.downloadState({}, options)),
      () => control.uploadState(one({ chunk: "" }), options),
      () => control.advanceClock({ duration: { seconds: 1n } }, options),
      () => control.resendWebhook({ intentId: account(1) }, options),
      () => control.explainMessage({ intentId: account(1), messageId: "" }, options),
      () => control.getEmulator({}, options),
      () => firstOf(control.watchIntents({}, options)),
      () => wallet.scan({ payload }, options),
      () => wallet.pay({ target: { case: "payload", value: payload } }, options),
      () => wallet.login({ target: { case: "payload", value: payload } }, options),
      () => wallet.reject({ payload }, options),
      () => wallet.vanish({ payload }, options),
      () => wallet.readPayload({ intentId: account(1), text: "" }, options),
    ];
  };
  async function* one<T>(item: T): AsyncGenerator<T> {
    yield item;
  }
  const firstOf = async (stream: AsyncIterable<unknown>) => {
    for await (const item of stream) return item;
    return undefined;
  };
  const codeOf = async (call: () => Promise<unknown>) =>
    call().then(
      () => "ok",
      (error: unknown) => Code[ConnectError.from(error).code],
    );

  it("is tested for every method", () => {
    // The type-checked calls have no names, so the number tells whether a method is missing.
    const tested = calls(controlsOf(createRouterTransport(() => {})));
    expect(tested).toHaveLength(EmulatorService.methods.length + WalletService.methods.length);
  });

  it.each([connectHttp2, grpc])(
    "is open to callers on loopback without a token, over $name",
    async ({ open }) => {
      const { emulator } = await emulated();
      for (const call of calls(controlsOf(open(emulator)))) {
        expect(["ok", "InvalidArgument", "NotFound"]).toContain(await codeOf(call));
      }
    },
  );

  it.each([connectHttp2, grpc, grpcWeb])(
    "requires the token if there is one, over $name",
    async ({ open }) => {
      const { emulator, clock } = await emulated({ controlToken: TOKEN });
      const before = clock.now();
      const controls = controlsOf(open(emulator));
      const wrong = [
        undefined,
        { authorization: TOKEN },
        { authorization: `Basic ${TOKEN}` },
        { authorization: "Bearer" },
        { authorization: `Bearer ${TOKEN}x` },
        { authorization: `Bearer ${TOKEN.slice(0, -1)}` },
        { authorization: `Bearer ${TOKEN.toUpperCase()}` },
        { authorization: `Bearer ${createHash("sha256").update(TOKEN).digest("hex")}` },
      ];
      for (const headers of wrong) {
        for (const call of calls(controls, headers)) expect(await codeOf(call)).toBe("Unauthenticated");
      }
      expect(clock.now()).toBe(before);
      for (const authorization of [`Bearer ${TOKEN}`, `bearer ${TOKEN}`]) {
        for (const call of calls(controls, { authorization })) {
          expect(["ok", "InvalidArgument", "NotFound"]).toContain(await codeOf(call));
        }
      }
    },
  );

  it("is open to the same process without the token", async () => {
    const { emulator } = await emulated({ controlToken: TOKEN });
    expect(await codeOf(() => controlsOf(emulator.transport).control.listIntents({}))).toBe("ok");
  });

  it("does not restrict the sequencer's own calls", async () => {
    const { emulator } = await emulated({ controlToken: TOKEN });
    const transport = connectHttp2.open(emulator);
    const status = await microPaymentOf({ transport }).getStatus({ intentId: { value: filled(1) } });
    expect(status.exists).toBe(false);
  });

  describe("by address", () => {
    const verdict = (address: string | undefined, token?: string, authorization?: string) => {
      const requestHeader = new Headers(authorization === undefined ? {} : { authorization });
      const values = createContextValues();
      if (address !== undefined) values.set(remoteAddressKey, address);
      try {
        controlAuthorization(token)({ values, requestHeader } as unknown as HandlerContext);
        return "ok";
      } catch (error) {
        const { code, rawMessage } = ConnectError.from(error);
        expect(rawMessage).not.toContain(TOKEN);
        return Code[code];
      }
    };

    it.each(["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", undefined])(
      "accepts %s as this machine",
      (address) => {
        expect(verdict(address)).toBe("ok");
      },
    );

    it.each([
      "10.0.0.1",
      "128.0.0.1",
      "1.127.0.0",
      "0.0.0.0",
      "::",
      "::2",
      "::ffff:10.0.0.1",
      "fe80::1",
      "2001:db8::127.0.0.1",
      "localhost",
      "unknown",
      "",
    ])("rejects '%s' as another machine", (address) => {
      expect(verdict(address)).toBe("PermissionDenied");
      expect(verdict(address, undefined, `Bearer ${TOKEN}`)).toBe("PermissionDenied");
      expect(verdict(address, TOKEN)).toBe("Unauthenticated");
      expect(verdict(address, TOKEN, `Bearer ${TOKEN}`)).toBe("ok");
    });

    it("requires the token on loopback too", () => {
      expect(verdict("127.0.0.1", TOKEN)).toBe("Unauthenticated");
      expect(verdict("::1", TOKEN, "Bearer ")).toBe("Unauthenticated");
      expect(verdict("127.0.0.1", TOKEN, `Bearer ${TOKEN}`)).toBe("ok");
    });
  });
});

describe("an exported state", () => {
  it("is rejected if it was not exported, and the present state stays", async () => {
    const { emulator } = await emulated({ deliverWebhook });
    await fulfilled(emulator);
    const state = await emulator.exportState();
    const file = JSON.parse(state) as { format: string; intents: Record<string, Record<string, unknown>> };
    const [[id, entry] = ["", {}]] = Object.entries(file.intents);
    const at = (name: string) => entry[name] as Record<string, unknown>;
    const payment = at("request").payment as Record<string, unknown>;
    const paid = at("intent").payment as Record<string, unknown>;
    const [message] = entry.messages as Record<string, unknown>[];
    const withEntry = (other: unknown, otherId = account(9)) =>
      JSON.stringify({ format: file.format, intents: { ...file.intents, [otherId]: other } });
    const hostile: readonly string[] = [
      "",
      "null",
      "[]",
      "{}",
      "1",
      "{",
      state.slice(0, -1),
      `${state}x`,
      state.replace("/v1", "/v2"),
      JSON.stringify({ format: file.format }),
      JSON.stringify({ format: file.format, intents: [] }),
      JSON.stringify({ format: file.format, intents: null }),
      withEntry(null),
      withEntry([]),
      withEntry("text"),
      withEntry({}),
      withEntry({ messages: {} }),
      withEntry({ messages: [null] }),
      withEntry({ messages: [], more: 1 }),
      withEntry(entry, "not base58: 0OIl"),
      withEntry(entry, "abc"),
      withEntry(entry, ""),
      `{"format":"${file.format}","intents":{"__proto__":{"messages":[]}}}`,
      `{"format":"${file.format}","intents":{"${account(9)}":{"messages":[],"__proto__":{}}}}`,
      withEntry({ messages: [], firstSeenAt: "1" }),
      withEntry({ messages: [], firstSeenAt: -1 }),
      withEntry({ messages: [], firstSeenAt: 1e18 }),
      withEntry({ messages: [{ ...message, createdAt: null }] }),
      withEntry({ messages: [{ ...message, bytes: "text" }] }),
      withEntry({ messages: [{ ...message, bytes: { $bytes: "not base64!" } }] }),
      withEntry({ messages: [{ ...message, bytes: { $bytes: "/////w==" } }] }),
      withEntry({ messages: [{ ...message, messageId: "abc" }] }),
      withEntry({ ...entry, request: { ...at("request"), createdAt: {} } }),
      withEntry({ ...entry, request: { ...at("request"), domain: "getcode.com" } }),
      withEntry({ ...entry, request: { ...at("request"), payment: { ...payment, currency: "US" } } }),
      withEntry({ ...entry, request: { ...at("request"), payment: { ...payment, nativeAmount: "1" } } }),
      withEntry({ ...entry, request: { ...at("request"), payment: { ...payment, fees: [{}] } } }),
      withEntry({ ...entry, request: { ...at("request"), payment: { ...payment, fees: undefined } } }),
      withEntry({ ...entry, request: { ...at("request"), payment: { ...payment, destination: "x" } } }),
      withEntry({ ...entry, intent: { ...at("intent"), state: "other" } }),
      withEntry({ ...entry, intent: { ...at("intent"), payment: { ...paid, quarks: 5 } } }),
      withEntry({ ...entry, intent: { ...at("intent"), payment: { ...paid, quarks: { $bigint: "x" } } } }),
      withEntry({ ...entry, intent: { ...at("intent"), payment: { ...paid, quarks: { $bigint: "-1" } } } }),
      withEntry({
        ...entry,
        intent: { ...at("intent"), payment: { ...paid, quarks: { $bigint: "9".repeat(100_000) } } },
      }),
      withEntry({
        ...entry,
        intent: { ...at("intent"), payment: { ...paid, quarks: { $bigint: String(2n ** 64n) } } },
      }),
      ...[null, "", "abc", "0OIl", 1, {}, account(1).slice(1)].map((user) =>
        withEntry({ ...entry, intent: { ...at("intent"), user } }),
      ),
      withEntry({ ...entry, webhook: { ...at("webhook"), state: "constructor" } }),
      withEntry({
        ...entry,
        webhook: { ...at("webhook"), attempts: [{ startedAt: 1, httpStatus: 2 ** 40 }] },
      }),
      withEntry({ ...entry, webhook: { ...at("webhook"), attempts: 8 } }),
      state.replace('"nativeAmount":1,', '"nativeAmount":1e999,'),
      "[".repeat(100_000),
    ];
    for (const text of hostile) {
      const error = await emulator.importState(text).then(
        () => `accepted: ${text.slice(0, 300)}`,
        (reason: unknown) => reason,
      );
      if (!(error instanceof InputError)) throw new Error(`${text.slice(0, 300)}: ${String(error)}`);
      expect([error.code, error.field]).toEqual(["invalid_option", "state"]);
    }
    expect(await emulator.exportState()).toBe(state);
    expect(Object.keys(file.intents)).toEqual([id]);
    for (const value of [undefined, null, 1, {}] as unknown as string[]) {
      await expect(emulator.importState(value)).rejects.toThrow(InputError);
    }
  });

  it("without users, from an older version, is accepted", async () => {
    const { emulator } = await emulated({ deliverWebhook });
    const before = {
      format: "code-intents/emulator-state/v1",
      intents: {
        [account(2)]: {
          messages: [],
          firstSeenAt: 5,
          request: { createdAt: 5, domain: { base: "example.com", verified: true } },
          intent: { state: "submitted", submittedAt: 6 },
        },
      },
    };
    await emulator.importState(JSON.stringify(before));
    const { control } = controlsOf(emulator.transport);
    const { intent } = await control.getIntent({ intentId: account(2) });
    expect(intent).toMatchObject({
      domain: "example.com",
      verified: true,
      intentSubmitted: true,
      userId: "",
    });
    expect(JSON.parse(await emulator.exportState())).toEqual(before);
  });

  it("is accepted or rejected as a unit after random changes", async () => {
    const { emulator } = await emulated({ deliverWebhook });
    await fulfilled(emulator);
    const state = await emulator.exportState();
    const { control } = controlsOf(emulator.transport);
    const parts = fc.constantFrom(
      "",
      "null",
      "{}",
      "[]",
      '"',
      "-1",
      "1e400",
      '{"$bigint":"7"}',
      '{"$bytes":"AA=="}',
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(state.length), fc.nat(12), parts, async (from, length, part) => {
        const changed = state.slice(0, from) + part + state.slice(from + length);
        const outcome = await emulator.importState(changed).then(
          () => "loaded",
          (error: unknown) => error,
        );
        if (outcome !== "loaded") expect(outcome).toBeInstanceOf(InputError);
        // An imported state can be listed, exported and advanced.
        const { intents } = await control.listIntents({});
        expect(intents.length).toBeLessThanOrEqual(1);
        await emulator.exportState();
        await emulator.clock.advance(1_000);
      }),
      runs(300),
    );
  });

  it("preserves bytes, bigints and the bytes of a Buffer", () => {
    const bytes = Buffer.from([]);
    const quarks = 2n ** 64n - 1n;
    const payment = {
      destination: account(1),
      currency: "kin",
      nativeAmount: 0.1,
      exchangeRate: 1,
      quarks,
      feeQuarks: 0n,
    };
    const state = {
      intent: { state: "submitted" as const, submittedAt: 1.5, payment },
      messages: [
        { messageId: account(1).slice(0, 16).replace(/./g, "1"), kind: "codeScanned", bytes, createdAt: 0 },
      ],
      firstSeenAt: 0,
    };
    const read = readState(writeState(new Map([[account(2), state]]))).get(account(2));
    expect(read?.intent).toEqual(state.intent);
    expect(read?.messages[0]?.bytes).toEqual(new Uint8Array(0));
  });
});
