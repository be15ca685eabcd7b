import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { afterEach, describe, expect, it } from "vitest";
import { MessageSchema, SendMessageRequestSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  type Emulator,
  type EmulatorOptions,
  type LoginOptions,
  memoryStore,
  type PayOptions,
  type Store,
} from "../../src/emulator/index.js";
import { WalletUsers } from "../../src/emulator/wallet/users.js";
import { InputError } from "../../src/errors.js";
import { LoginIntent } from "../../src/intents/login-intent.js";
import { PaymentIntent } from "../../src/intents/payment-intent.js";
import { fromBase58, toBase58 } from "../../src/lib/bytes.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { cleanUp, type Emulated, emulated, intentOf, register } from "../support/emulated.js";
import { getLoginRequest, listing, loginOf, loginRequest, resultOfLogin } from "../support/identity.js";
import { account } from "../support/payment.js";
import {
  filled,
  invalid,
  login,
  messagingOf,
  newKey,
  type payment,
  poll,
  refusalOf,
  sendLogin,
  statusOf,
  unauthenticated,
  verifiedPayment,
} from "../support/sequencer.js";

afterEach(cleanUp);

const verifier = newKey();
const signer = { publicKey: verifier.publicKey, sign: (bytes: Uint8Array) => verifier.sign(bytes) };

type Asking = LoginIntent | PaymentIntent;

const loginAt = (domain = "example.com") => LoginIntent.from({ login: { domain, verifier: signer } });
const paymentAt = (domain = "example.com") =>
  PaymentIntent.from({
    destination: account(1),
    amount: "1",
    currency: "usd",
    login: { domain, verifier: signer },
  });

const started = (options: EmulatorOptions = {}): Promise<Emulated> =>
  emulated({ fetchWellKnown: async () => listing(verifier), ...options });

/** Registers an intent unchanged. */
async function asked<I extends Asking>(emulator: Emulator, intent: I): Promise<I> {
  const request = fromBinary(SendMessageRequestSchema, intent.toSendMessageRequest());
  await messagingOf(emulator).sendMessage(request);
  return intent;
}

/** Requests a login for the only subdomain that can be verified; the client does not support it. */
async function askedBySubdomain(emulator: Emulator): Promise<LoginIntent> {
  const intent = loginAt("getcode.com");
  await sendLogin(emulator, keyOf(intent), login(keyOf(intent), verifier, "app.getcode.com"));
  return intent;
}

const keyOf = ({ payload }: { readonly payload: Uint8Array }) => rendezvousKey(payload);
const messagesAt = async (emulator: Emulator, intent: Asking) =>
  (await poll(emulator, keyOf(intent))).map(({ kind }) => kind);
const kindsAt = async (emulator: Emulator, intent: Asking) =>
  (await messagesAt(emulator, intent)).map((kind) => kind.case);
const whoIs = (emulator: Emulator, intent: Asking) =>
  loginOf(emulator, getLoginRequest(keyOf(intent).publicKey, verifier));

/** Code and field of the error that a call rejects with. */
async function refusedFor(call: Promise<unknown>): Promise<readonly [string, string]> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof InputError)) throw new Error(`not refused as input: ${String(error)}`);
  return [error.code, error.field];
}

describe.each([
  ["an intent", (intent: Asking) => intent],
  ["the 20 bytes of its scan code", (intent: Asking) => intent.payload],
] as const)("given %s, at a login the wallet", (_, target) => {
  it("scans: it returns the domain, and sends CodeScanned", async () => {
    const { emulator, clock } = await started();
    const intent = await askedBySubdomain(emulator);
    await clock.advance(7_000);
    expect(await emulator.wallet.scan(target(intent))).toEqual({
      kind: "login",
      intentId: intent.id,
      payment: undefined,
      domain: { base: "getcode.com", verified: true },
    });
    expect((await messagesAt(emulator, intent))[1]).toMatchObject({
      case: "codeScanned",
      value: { timestamp: { seconds: BigInt(clock.now() / 1000) } },
    });
  });

  it("logs in: it submits the intent, and the verifier learns the user", async () => {
    const { emulator } = await started();
    const intent = await asked(emulator, loginAt());
    const { userId, ...rest } = await emulator.wallet.login(target(intent));
    expect(rest).toEqual({ intentId: intent.id, domain: "example.com" });
    expect(fromBase58(userId)).toHaveLength(32);
    expect(await whoIs(emulator, intent)).toEqual(["OK", userId]);
    expect(await statusOf(emulator, keyOf(intent))).toMatchObject({ exists: true, intentSubmitted: true });
    expect(await kindsAt(emulator, intent)).toEqual(["requestToLogin", "intentSubmitted"]);
  });

  it("declines with a timestamp, and can still log in", async () => {
    const { emulator, clock } = await started();
    const intent = await asked(emulator, loginAt());
    await clock.advance(5_000);
    expect(await emulator.wallet.reject(target(intent))).toEqual({ intentId: intent.id });
    expect((await messagesAt(emulator, intent))[1]).toMatchObject({
      case: "clientRejectedLogin",
      value: { timestamp: { seconds: BigInt(clock.now() / 1000), nanos: 0 } },
    });
    await emulator.wallet.login(target(intent));
    expect(await kindsAt(emulator, intent)).toEqual([
      "requestToLogin",
      "clientRejectedLogin",
      "intentSubmitted",
    ]);
  });

  it("leaves silently, and must scan again before it logs in or declines", async () => {
    const { emulator } = await started();
    const intent = await asked(emulator, loginAt());
    await emulator.wallet.vanish(target(intent));
    const left = invalid("the payer has left; scan again first");
    expect(await refusalOf(emulator.wallet.login(intent))).toEqual(left);
    expect(await refusalOf(emulator.wallet.reject(target(intent)))).toEqual(left);
    expect(await kindsAt(emulator, intent)).toEqual(["requestToLogin"]);
    await emulator.wallet.scan(target(intent));
    expect((await emulator.wallet.login(intent)).intentId).toBe(intent.id);
  });

  it("fails if no request exists", async () => {
    const { emulator } = await started();
    const none = invalid("no request exists for this intent");
    expect(await refusalOf(emulator.wallet.login(target(loginAt())))).toEqual(none);
    expect(await refusalOf(emulator.wallet.scan(target(loginAt())))).toEqual(none);
  });

  it("does not pay a login, and does not log in at a payment", async () => {
    const { emulator } = await started();
    const [free, paid] = [await asked(emulator, loginAt()), await asked(emulator, paymentAt())];
    for (const pay of [emulator.wallet.pay(target(free)), emulator.wallet.pay(free.id)])
      expect(await refusalOf(pay)).toEqual(invalid("the request doesn't require payment"));
    for (const enter of [emulator.wallet.login(target(paid)), emulator.wallet.login(paid.id)])
      expect(await refusalOf(enter)).toEqual(invalid("the request requires payment"));
    expect(await kindsAt(emulator, free)).toEqual(["requestToLogin"]);
    expect(await kindsAt(emulator, paid)).toEqual(["requestToReceiveBill"]);
  });
});

describe("given a bare intent id, the wallet", () => {
  it("logs in", async () => {
    const { emulator } = await started();
    const intent = await asked(emulator, loginAt());
    const { userId } = await emulator.wallet.login(intent.id);
    expect(await whoIs(emulator, intent)).toEqual(["OK", userId]);
    expect(await refusalOf(emulator.wallet.login(loginAt().id))).toEqual(
      invalid("no request exists for this intent"),
    );
  });
});

describe("a user of the wallet", () => {
  it("has one user id at a domain for logins and payments, and another at every other domain", async () => {
    const { emulator } = await started();
    const ids: string[] = [];
    for (const domain of ["example.com", "example.org", "getcode.com"]) {
      const { userId } = await emulator.wallet.login(await asked(emulator, loginAt(domain)));
      const again = await emulator.wallet.login(await asked(emulator, loginAt(domain)));
      const paid = await emulator.wallet.pay(await asked(emulator, paymentAt(domain)));
      expect([again.userId, paid.userId]).toEqual([userId, userId]);
      ids.push(userId);
    }
    const { userId } = await emulator.wallet.login(await askedBySubdomain(emulator));
    expect(userId).toBe(ids[2]);
    expect(new Set(ids).size).toBe(3);
  });

  it("has a name, unlike the default user", async () => {
    const { emulator } = await started();
    const ids: string[] = [];
    for (const user of [undefined, "alice", "bob", "Alice", "alice ", "älice"]) {
      const intent = await asked(emulator, loginAt());
      ids.push((await emulator.wallet.login(intent, { user })).userId);
      const paid = await emulator.wallet.pay(await asked(emulator, paymentAt()), { user });
      expect(paid.userId).toBe(ids.at(-1));
    }
    expect(new Set(ids).size).toBe(6);
  });

  it("can log in twice, and no other user after it", async () => {
    const { emulator } = await started();
    const intent = await asked(emulator, loginAt());
    const first = await emulator.wallet.login(intent, { user: "alice" });
    expect(await emulator.wallet.login(intent, { user: "alice" })).toEqual(first);
    for (const options of [{ user: "bob" }, {}]) {
      expect(await refusalOf(emulator.wallet.login(intent, options))).toEqual(
        invalid("DIFFERENT_LOGIN_EXISTS"),
      );
    }
    expect(await whoIs(emulator, intent)).toEqual(["OK", first.userId]);
    expect(await kindsAt(emulator, intent)).toEqual(["requestToLogin", "intentSubmitted"]);
  });

  it("is derived from the seed: equal after a restart, different with another seed, random without", async () => {
    const userId = async (options: EmulatorOptions) => {
      const { emulator } = await started(options);
      return (await emulator.wallet.login(await asked(emulator, loginAt()))).userId;
    };
    const [first, second, signing, other, random] = [
      await userId({ walletSeed: filled(1) }),
      await userId({ walletSeed: filled(1) }),
      await userId({ walletSeed: filled(1), signingSeed: filled(2) }),
      await userId({ walletSeed: filled(2) }),
      await userId({}),
    ];
    expect([second, signing]).toEqual([first, first]);
    expect(new Set([first, other, random, await userId({})]).size).toBe(4);
    expect(await refusedFor(started({ walletSeed: filled(1, 31) }))).toEqual([
      "invalid_option",
      "walletSeed",
    ]);
    expect(await refusedFor(started({ lenient: 1 as unknown as boolean }))).toEqual([
      "invalid_option",
      "lenient",
    ]);
  });

  it("has its own key even if another name and domain concatenate to the same text", () => {
    const users = new WalletUsers(filled(1));
    const ids = [
      ["a", "example.com"],
      ["ma", "example.co"],
      ["\0a", "example.com"],
    ].map(([user, domain]) => toBase58(users.relate(user, domain ?? "").publicKey));
    expect(new Set(ids).size).toBe(3);
  });

  it("loses its relationship at a reset or an import, and gets the same key with a new one", async () => {
    const walletSeed = filled(1);
    const { emulator } = await started({ walletSeed });
    const intent = await asked(emulator, loginAt());
    const { userId } = await emulator.wallet.login(intent);
    const key = new WalletUsers(walletSeed).relate(undefined, "example.com");
    const raw = () => resultOfLogin(emulator, loginRequest(keyOf(intent).publicKey, key));
    expect(await raw()).toBe("OK");
    await emulator.importState(await emulator.exportState());
    expect(await raw()).toBe("INVALID_ACCOUNT");
    expect((await emulator.wallet.login(intent)).userId).toBe(userId);
    expect(await raw()).toBe("OK");
    await emulator.reset();
    await asked(emulator, intent);
    expect(await raw()).toBe("INVALID_ACCOUNT");
  });

  it.each<[LoginOptions, string, string]>([
    [{ user: "" }, "missing_option", "user"],
    [{ user: null as unknown as string }, "missing_option", "user"],
    [{ user: 1 as unknown as string }, "invalid_option", "user"],
    [{ user: "\ud800" }, "invalid_option", "user"],
    [{ name: "alice" } as LoginOptions, "unknown_option", "name"],
    ["alice" as LoginOptions, "invalid_option", "options"],
  ])("cannot be named by %j", async (options, code, field) => {
    const { emulator } = await started();
    const intent = await asked(emulator, loginAt());
    const paid = await asked(emulator, paymentAt());
    expect(await refusedFor(emulator.wallet.login(intent, options))).toEqual([code, field]);
    expect(await refusedFor(emulator.wallet.pay(paid, options as PayOptions))).toEqual([code, field]);
    expect(await kindsAt(emulator, intent)).toEqual(["requestToLogin"]);
    expect(await kindsAt(emulator, paid)).toEqual(["requestToReceiveBill"]);
  });
});

describe("a payment at a verified domain", () => {
  it("is scanned with its domain", async () => {
    const { emulator } = await started();
    const intent = await asked(emulator, paymentAt());
    expect(await emulator.wallet.scan(intent)).toMatchObject({
      kind: "payment",
      payment: { currency: "usd", nativeAmount: 1 },
      domain: { base: "example.com", verified: true },
    });
  });

  it.each([
    ["an intent", (intent: Asking) => intent],
    ["a bare id", (intent: Asking) => intent.id],
  ] as const)("tells the domain who pays, given %s", async (_, target) => {
    const { emulator } = await started();
    const intent = await asked(emulator, paymentAt());
    const { userId, payment } = await emulator.wallet.pay(target(intent), { user: "alice" });
    expect(payment.nativeAmount).toBe(1);
    expect(await whoIs(emulator, intent)).toEqual(["OK", userId]);
  });

  it("is declined as a payment", async () => {
    const { emulator } = await started();
    const intent = await asked(emulator, paymentAt());
    await emulator.wallet.reject(intent);
    expect((await kindsAt(emulator, intent))[1]).toBe("clientRejectedPayment");
  });

  it("can be anonymous: the domain learns no user", async () => {
    const { emulator } = await started();
    const intent = await asked(emulator, paymentAt());
    const { userId } = await emulator.wallet.pay(intent, { anonymous: true, user: "alice" });
    expect(userId).toBeUndefined();
    expect(await whoIs(emulator, intent)).toEqual(["NO_USER_LOGGED_IN"]);
    for (const anonymous of ["no", 0, null] as unknown as boolean[]) {
      expect(await refusedFor(emulator.wallet.pay(intent, { anonymous }))).toEqual([
        "invalid_option",
        "anonymous",
      ]);
    }
  });

  it("discloses no user if it is rejected, or if the domain is not verified", async () => {
    const { emulator } = await started();
    const intent = await asked(emulator, paymentAt());
    expect(await refusalOf(emulator.wallet.pay(intent, { currency: "eur" }))).toEqual(
      invalid("payment has a request for usd currency"),
    );
    expect(await whoIs(emulator, intent)).toEqual(["NO_USER_LOGGED_IN"]);
    for (const fields of [{}, { domain: { value: "example.com" } }]) {
      const plain = intentOf();
      await register(emulator, plain, fields);
      const domain = "domain" in fields ? { base: "example.com", verified: false } : undefined;
      expect((await emulator.wallet.scan(plain)).domain).toEqual(domain);
      expect((await emulator.wallet.pay(plain, { user: "alice" })).userId).toBeUndefined();
      expect(await whoIs(emulator, plain)).toEqual(["LOGIN_NOT_SUPPORTED"]);
    }
  });
});

describe("a request that no honest sequencer stores", () => {
  type Kind = NonNullable<MessageInitShape<typeof MessageSchema>["kind"]>;

  /** Puts a message at a key, signed by the key or by another. */
  async function put(store: Store, at: Uint8Array, kind: Kind, by = rendezvousKey(at)): Promise<void> {
    const signed = create(MessageSchema, { kind });
    const message = create(MessageSchema, {
      id: { value: filled(5, 16) },
      sendMessageRequestSignature: { value: by.sign(toBinary(MessageSchema, signed)) },
      kind,
    });
    await store.transaction(toBase58(rendezvousKey(at).publicKey), (transaction) =>
      transaction.addMessage({
        messageId: toBase58(filled(5, 16)),
        kind: kind.case ?? "",
        bytes: toBinary(MessageSchema, message),
        createdAt: 0,
      }),
    );
  }

  const { payload } = loginAt();
  const key = rendezvousKey(payload);
  const other = newKey();
  const asLogin = (value: ReturnType<typeof login>): Kind => ({ case: "requestToLogin", value });
  const asPayment = (value: ReturnType<typeof payment>): Kind => ({ case: "requestToReceiveBill", value });
  const signature = { value: filled(1, 64) };

  it.each<[string, Kind, typeof key | undefined]>([
    ["a login that another key signed", asLogin(login(key, verifier, "example.com")), other],
    [
      "a login that the verifier did not sign",
      asLogin(login(key, verifier, "example.com", { signature })),
      key,
    ],
    [
      "a login that another verifier signed",
      asLogin(login(key, other, "example.com", { verifier: { value: verifier.publicKey } })),
      key,
    ],
    ["a login for another key", asLogin(login(other, verifier, "example.com")), key],
    [
      "a payment that the verifier did not sign",
      asPayment(verifiedPayment(key, verifier, "example.com", { signature })),
      key,
    ],
    ["a payment for another key", asPayment(verifiedPayment(other, verifier, "example.com")), key],
  ])("is rejected: %s", async (_, kind, by) => {
    const store = memoryStore();
    const { emulator } = await started({ store });
    await put(store, payload, kind, by);
    const { wallet } = emulator;
    for (const act of [() => wallet.scan(payload), () => wallet.login(payload), () => wallet.pay(payload)])
      expect(await refusalOf(act())).toEqual(unauthenticated());
    expect(await poll(emulator, key)).toHaveLength(1);
  });

  it("is accepted by the wallet if every signature is valid, while the sequencer applies its own rules", async () => {
    const store = memoryStore();
    const { emulator } = await started({ store });
    await put(store, payload, asLogin(login(key, verifier, "example.com")));
    expect((await emulator.wallet.scan(payload)).domain).toEqual({ base: "example.com", verified: true });
    expect(await refusalOf(emulator.wallet.login(payload))).toEqual(invalid("REQUEST_NOT_FOUND"));
  });
});

describe("several requests at one key", () => {
  it("count as one: the wallet reads the first", async () => {
    const second = newKey();
    const { emulator } = await started({ fetchWellKnown: async () => listing(verifier, second) });
    const intent = await asked(emulator, loginAt());
    await sendLogin(emulator, keyOf(intent), login(keyOf(intent), second, "example.com"));
    await emulator.wallet.scan(intent);
    const { userId } = await emulator.wallet.login(intent);
    for (const by of [verifier, second]) {
      const request = getLoginRequest(keyOf(intent).publicKey, by);
      expect(await loginOf(emulator, request)).toEqual(["OK", userId]);
    }
  });
});
