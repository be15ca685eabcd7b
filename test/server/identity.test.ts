import type { MessageInitShape } from "@bufbuild/protobuf";
import { afterEach, describe, expect, it } from "vitest";
import type {
  GetLoginForThirdPartyAppRequestSchema,
  LoginToThirdPartyAppRequestSchema,
} from "../../gen/code/user/v1/identity_service_pb.js";
import type { SigningKey } from "../../src/crypto/types.js";
import {
  type Emulator,
  type EmulatorOptions,
  memoryStore,
  type Store,
  type StoreTransaction,
  type WellKnownAnswer,
} from "../../src/emulator/index.js";
import { WalletUsers } from "../../src/emulator/wallet/users.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { cleanUp, type Emulated, emulated, memory, rawWays } from "../support/emulated.js";
import {
  getLoginRequest,
  identityOf,
  listing,
  loginBytes,
  loginOf,
  loginRequest,
  resultOfLogin,
} from "../support/identity.js";
import { reading } from "../support/reading.js";
import {
  filled,
  invalid,
  login,
  messagingOf,
  microPaymentOf,
  newKey,
  payment,
  poll,
  refusalOf,
  sendLogin,
  sendPayment,
  statusOf,
  unauthenticated,
  verifiedPayment,
} from "../support/sequencer.js";
import { submit } from "../support/stores.js";
import { until } from "../support/turns.js";

afterEach(cleanUp);

const walletSeed = filled(9);
const verifier = newKey();

/** The key by which a domain identifies a user of the wallet. */
const userKey = (user?: string, domain = "example.com") => new WalletUsers(walletSeed).relate(user, domain);
const userId = (user?: string, domain?: string) => toBase58(userKey(user, domain).publicKey);

interface Bed extends Emulated {
  readonly store: Store;
  /** Served in place of well-known files. */
  wellKnown: () => Promise<WellKnownAnswer>;
  readonly fetched: string[];
}

async function bedOf(options: EmulatorOptions = {}): Promise<Bed> {
  const store = options.store ?? memoryStore();
  const fetched: string[] = [];
  const fetchWellKnown = (url: string) => {
    fetched.push(url);
    return bed.wellKnown();
  };
  const started = await emulated({ walletSeed, fetchWellKnown, ...options, store });
  const bed: Bed = { ...started, store, fetched, wellKnown: async () => listing(verifier) };
  return bed;
}

/** Registers a login request and returns its key. */
async function asked(emulator: Emulator, domain = "example.com"): Promise<SigningKey> {
  const key = newKey();
  await sendLogin(emulator, key, login(key, verifier, domain));
  return key;
}

/** Registers a payment request with a verified domain and returns its key. */
async function askedToPay(emulator: Emulator): Promise<SigningKey> {
  const key = newKey();
  await sendPayment(emulator, key, verifiedPayment(key, verifier, "example.com"));
  return key;
}

const idOf = ({ publicKey }: SigningKey) => toBase58(publicKey);
const kindsAt = async (emulator: Emulator, key: SigningKey) =>
  (await poll(emulator, key)).map(({ kind }) => kind.case);

describe.each(rawWays)("GetLoginForThirdPartyApp over $name", ({ open }) => {
  it.each([false, true])("returns results in the order of the protocol; lenient: %s", async (lenient) => {
    const bed = await bedOf({ lenient });
    const at = { transport: open(bed.emulator) };
    const [unasked, unlisted] = [newKey(), newKey()];
    const ask = (key: SigningKey, by = verifier) => getLoginRequest(key.publicKey, by);
    bed.wellKnown = async () => ({ status: 500, body: "" });

    expect(await loginOf(at, ask(unasked, unlisted))).toEqual(["REQUEST_NOT_FOUND"]);

    const [plain, unverified] = [newKey(), newKey()];
    await sendPayment(bed.emulator, plain, payment());
    await sendPayment(bed.emulator, unverified, payment({ domain: { value: "example.com" } }));
    for (const key of [plain, unverified])
      expect(await loginOf(at, ask(key, unlisted))).toEqual(["LOGIN_NOT_SUPPORTED"]);
    expect(bed.fetched).toEqual([]);

    bed.wellKnown = async () => listing(verifier);
    const requests = [await asked(bed.emulator), await askedToPay(bed.emulator)];
    bed.wellKnown = async () => ({ status: 500, body: "" });
    for (const key of requests) {
      expect(await refusalOf(identityOf(at).getLoginForThirdPartyApp(ask(key, unlisted)))).toEqual(
        unauthenticated("error veryfing domain ownership: http status 500 returned"),
      );
    }

    bed.wellKnown = async () => listing(verifier);
    for (const key of requests) {
      expect(await refusalOf(identityOf(at).getLoginForThirdPartyApp(ask(key, unlisted)))).toEqual(
        unauthenticated(`${toBase58(unlisted.publicKey)} does not own the domain for the login`),
      );
      expect(await loginOf(at, ask(key))).toEqual(["NO_USER_LOGGED_IN"]);
    }

    const [loggedIn = newKey(), paid = newKey()] = requests;
    const anonymous = await askedToPay(bed.emulator);
    await bed.emulator.wallet.pay(idOf(anonymous), { anonymous: true });
    expect(await loginOf(at, ask(anonymous))).toEqual(["NO_USER_LOGGED_IN"]);

    await bed.emulator.wallet.login(idOf(loggedIn), { user: "alice" });
    await bed.emulator.wallet.pay(idOf(paid));
    expect(await loginOf(at, ask(loggedIn))).toEqual(["OK", userId("alice")]);
    expect(await loginOf(at, ask(paid))).toEqual(["OK", userId()]);
    expect(new Set(bed.fetched)).toEqual(new Set(["https://example.com/.well-known/code-payments.json"]));
  });

  it("checks the verifier's signature first, unless the server is lenient", async () => {
    const [strict, lenient] = [await bedOf(), await bedOf({ lenient: true })];
    for (const bed of [strict, lenient]) {
      const at = { transport: open(bed.emulator) };
      const loggedIn = await asked(bed.emulator);
      await bed.emulator.wallet.login(idOf(loggedIn));
      const fetches = bed.fetched.length;
      for (const key of [newKey(), loggedIn]) {
        const forged = forgeries(key, verifier);
        const answer = key === loggedIn ? ["OK", userId()] : ["REQUEST_NOT_FOUND"];
        for (const signature of forged) {
          const request = getLoginRequest(key.publicKey, verifier, signature);
          if (bed === lenient) expect(await loginOf(at, request)).toEqual(answer);
          else {
            const call = identityOf(at).getLoginForThirdPartyApp(request);
            expect(await refusalOf(call)).toEqual(unauthenticated());
          }
        }
      }
      if (bed === strict) expect(bed.fetched.length).toBe(fetches);
    }
  });
});

describe("GetLoginForThirdPartyApp", () => {
  it.each<[string, () => Promise<WellKnownAnswer>, string]>([
    ["is not there", async () => ({ status: 404, body: "{}" }), "http status 404 returned"],
    ["comes with another status", async () => ({ status: 204, body: "" }), "http status 204 returned"],
    ["cannot be fetched", () => Promise.reject(new Error("connect refused")), "connect refused"],
    [
      "is a list",
      async () => ({ status: 200, body: "[]" }),
      "json: cannot unmarshal array into Go value of type thirdparty.responseBody",
    ],
    [
      "lists a number",
      async () => ({ status: 200, body: '{"public_keys":[1]}' }),
      "json: cannot unmarshal number into Go struct field responseBody.public_keys of type string",
    ],
  ])("rejects a verifier if the well-known file %s", async (_, wellKnown, why) => {
    const bed = await bedOf();
    const key = await asked(bed.emulator);
    await bed.emulator.wallet.login(idOf(key));
    bed.wellKnown = wellKnown;
    const call = identityOf(bed.emulator).getLoginForThirdPartyApp(getLoginRequest(key.publicKey, verifier));
    expect(await refusalOf(call)).toEqual(unauthenticated(`error veryfing domain ownership: ${why}`));
  });

  it("returns the user only to a verifier that the domain currently lists", async () => {
    const bed = await bedOf();
    const next = newKey();
    const key = await asked(bed.emulator);
    await bed.emulator.wallet.login(idOf(key));
    bed.wellKnown = async () => listing(next);
    expect(await loginOf(bed.emulator, getLoginRequest(key.publicKey, next))).toEqual(["OK", userId()]);
    const call = identityOf(bed.emulator).getLoginForThirdPartyApp(getLoginRequest(key.publicKey, verifier));
    expect(await refusalOf(call)).toEqual(
      unauthenticated(`${toBase58(verifier.publicKey)} does not own the domain for the login`),
    );
  });

  it("fetches the file of the base domain for the one verifiable subdomain", async () => {
    const bed = await bedOf();
    const key = await asked(bed.emulator, "app.getcode.com");
    await bed.emulator.wallet.login(idOf(key));
    bed.fetched.length = 0;
    const answer = ["OK", userId(undefined, "getcode.com")];
    expect(await loginOf(bed.emulator, getLoginRequest(key.publicKey, verifier))).toEqual(answer);
    expect(bed.fetched).toEqual(["https://getcode.com/.well-known/code-payments.json"]);
  });

  it("still returns the user of a revoked intent, which the status no longer shows", async () => {
    const bed = await bedOf();
    const key = await asked(bed.emulator);
    await bed.emulator.wallet.login(idOf(key));
    await revoke(bed.store, key);
    expect(await statusOf(bed.emulator, key)).toMatchObject({ exists: true, intentSubmitted: false });
    expect(await loginOf(bed.emulator, getLoginRequest(key.publicKey, verifier))).toEqual(["OK", userId()]);
  });

  it("does not block other calls at the key while a well-known file is pending", async () => {
    const bed = await bedOf();
    const key = await asked(bed.emulator);
    let answer = (_: WellKnownAnswer) => {};
    const late = new Promise<WellKnownAnswer>((resolve) => {
      answer = resolve;
    });
    bed.wellKnown = () => late;
    bed.fetched.length = 0;
    const waiting = loginOf(bed.emulator, getLoginRequest(key.publicKey, verifier));
    await until(() => bed.fetched.length === 1);
    await bed.emulator.wallet.login(idOf(key));
    answer(listing(verifier));
    // The state when the call was made.
    expect(await waiting).toEqual(["NO_USER_LOGGED_IN"]);
  });

  it.each<[string, MessageInitShape<typeof GetLoginForThirdPartyAppRequestSchema>, string]>([
    ["without an intent", { verifier: of(32), signature: of(64) }, "IntentId: value is required"],
    ["without a verifier", { intentId: of(32), signature: of(64) }, "Verifier: value is required"],
    ["without a signature", { intentId: of(32), verifier: of(32) }, "Signature: value is required"],
    [
      "with an intent of 31 bytes",
      { intentId: of(31), verifier: of(31), signature: of(63) },
      embedded("IntentId", 32),
    ],
    [
      "with a verifier of 33 bytes",
      { intentId: of(32), verifier: of(33), signature: of(63) },
      embedded("Verifier", 32, "SolanaAccountId"),
    ],
    [
      "with a signature of 63 bytes",
      { intentId: of(32), verifier: of(32), signature: of(63) },
      embedded("Signature", 64),
    ],
  ])("rejects an invalid request: %s", async (_, request, text) => {
    for (const lenient of [false, true]) {
      const { emulator } = await bedOf({ lenient });
      expect(await refusalOf(identityOf(emulator).getLoginForThirdPartyApp(request))).toEqual(
        invalid(`invalid GetLoginForThirdPartyAppRequest.${text}`),
      );
    }
  });
});

describe.each(rawWays)("LoginToThirdPartyApp over $name", ({ open }) => {
  it("returns results in the order of the protocol", async () => {
    const bed = await bedOf();
    const at = { transport: open(bed.emulator) };
    // From here on, the wallet has relationships with the domain.
    for (const user of ["alice", "bob"])
      await bed.emulator.wallet.login(idOf(await asked(bed.emulator)), { user });
    const [alice, bob, stranger] = [userKey("alice"), userKey("bob"), newKey()];
    const log = (key: SigningKey, user: SigningKey) => resultOfLogin(at, loginRequest(key.publicKey, user));

    const unasked = newKey();
    const forged = loginRequest(unasked.publicKey, stranger, filled(1, 64));
    expect(await refusalOf(identityOf(at).loginToThirdPartyApp(forged))).toEqual(unauthenticated());
    expect(await log(unasked, stranger)).toBe("REQUEST_NOT_FOUND");

    const [plain, unverified] = [newKey(), newKey()];
    await sendPayment(bed.emulator, plain, payment());
    await sendPayment(bed.emulator, unverified, payment({ domain: { value: "example.com" } }));
    for (const key of [plain, unverified]) expect(await log(key, stranger)).toBe("LOGIN_NOT_SUPPORTED");

    const toPay = await askedToPay(bed.emulator);
    expect(await log(toPay, stranger)).toBe("PAYMENT_REQUIRED");
    expect(await log(toPay, alice)).toBe("PAYMENT_REQUIRED");

    const key = await asked(bed.emulator);
    bed.fetched.length = 0;
    expect(await log(key, stranger)).toBe("INVALID_ACCOUNT");
    // Of the same user, but for another domain.
    expect(await log(key, userKey("alice", "example.org"))).toBe("INVALID_ACCOUNT");
    // Of the wallet, but still without a relationship.
    expect(await log(key, userKey("carol"))).toBe("INVALID_ACCOUNT");
    expect(await kindsAt(bed.emulator, key)).toEqual(["requestToLogin"]);

    expect(await log(key, alice)).toBe("OK");
    expect(await log(key, alice)).toBe("OK");
    expect(await log(key, bob)).toBe("DIFFERENT_LOGIN_EXISTS");
    expect(await log(key, stranger)).toBe("INVALID_ACCOUNT");
    expect(await log(key, alice)).toBe("OK");
    expect(await kindsAt(bed.emulator, key)).toEqual(["requestToLogin", "intentSubmitted"]);
    // The wallet's call never checks the owner of the domain.
    expect(bed.fetched).toEqual([]);
    const answer = await loginOf(at, getLoginRequest(key.publicKey, verifier));
    expect(answer).toEqual(["OK", userId("alice")]);
  });

  it("rejects a request that the user's key did not sign", async () => {
    const bed = await bedOf({ lenient: true });
    const at = { transport: open(bed.emulator) };
    const { wallet } = bed.emulator;
    await wallet.login(idOf(await asked(bed.emulator)), { user: "alice" });
    const [alice, key] = [userKey("alice"), await asked(bed.emulator)];
    for (const signature of forgeries(key, alice)) {
      const request = loginRequest(key.publicKey, alice, signature);
      expect(await refusalOf(identityOf(at).loginToThirdPartyApp(request))).toEqual(unauthenticated());
    }
    expect(await kindsAt(bed.emulator, key)).toEqual(["requestToLogin"]);
    expect(await resultOfLogin(at, loginRequest(key.publicKey, alice))).toBe("OK");
  });
});

describe("LoginToThirdPartyApp", () => {
  it("emits IntentSubmitted without metadata and schedules the webhook", async () => {
    const sent: string[] = [];
    const deliverWebhook = async ({ url }: { url: string }) => {
      sent.push(url);
      return { status: 200 };
    };
    const { emulator, clock } = await bedOf({ deliverWebhook });
    const key = await asked(emulator);
    const intentId = { value: key.publicKey };
    await microPaymentOf(emulator).registerWebhook({ intentId, url: "http://localhost/login" });
    const stream = reading(messagingOf(emulator).openMessageStream({ rendezvousKey: intentId }));
    await until(() => stream.items.length === 1);
    const { userId } = await emulator.wallet.login(idOf(key));
    await until(() => stream.items.length === 2);
    const [, submitted] = await poll(emulator, key);
    expect(submitted?.sendMessageRequestSignature).toBeUndefined();
    expect(submitted?.id?.value.length).toBe(16);
    if (submitted?.kind.case !== "intentSubmitted") throw new Error("is not submitted");
    expect(submitted.kind.value.intentId?.value).toEqual(key.publicKey);
    expect(submitted.kind.value.metadata).toBeUndefined();
    expect(await statusOf(emulator, key)).toMatchObject({ exists: true, intentSubmitted: true });
    await clock.advance(0);
    await until(() => stream.items.length === 3);
    expect(sent).toEqual(["http://localhost/login"]);
    expect(await kindsAt(emulator, key)).toEqual(["requestToLogin", "intentSubmitted", "webhookCalled"]);
    // A repeated login of the same user changes nothing.
    expect((await emulator.wallet.login(idOf(key))).userId).toBe(userId);
    await clock.advance(1_000);
    expect(sent).toHaveLength(1);
    expect(await kindsAt(emulator, key)).toHaveLength(3);
  });

  it.each(["putIntent", "putWebhook", "addMessage"] as const)(
    "stores either everything or nothing if %s fails",
    async (method) => {
      let failing = false;
      const failure = new Error("no space left");
      const inner = memoryStore();
      const store: Store = {
        transaction: (intentId, work) =>
          inner.transaction(intentId, (transaction) => work(failing ? breaking(transaction) : transaction)),
        dump: () => inner.dump(),
        load: (states) => inner.load(states),
        close: () => inner.close(),
      };
      const breaking = (transaction: StoreTransaction): StoreTransaction =>
        new Proxy(transaction, {
          get(target, name) {
            if (name === method) return () => Promise.reject(failure);
            const value: unknown = Reflect.get(target, name);
            return typeof value === "function" ? value.bind(target) : value;
          },
        });
      const sent: string[] = [];
      const deliverWebhook = async ({ url }: { url: string }) => {
        sent.push(url);
        return { status: 200 };
      };
      const { emulator, clock, errors } = await bedOf({ store, deliverWebhook });
      const key = await asked(emulator);
      const intentId = { value: key.publicKey };
      await microPaymentOf(emulator).registerWebhook({ intentId, url: "http://localhost/login" });
      const before = await inner.dump();
      const timers = clock.pending;
      failing = true;
      // A user with a relationship, as the wallet's calls create one.
      const refusal = await refusalOf(emulator.wallet.login(idOf(key)));
      failing = false;
      expect(refusal).toEqual({ code: "Internal", text: "" });
      expect(errors).toEqual([failure]);
      expect(await inner.dump()).toEqual(before);
      expect(clock.pending).toBe(timers);
      await clock.advance(10_000);
      expect(sent).toEqual([]);
      await emulator.wallet.login(idOf(key));
      await clock.advance(0);
      await until(() => sent.length === 1);
    },
  );

  it("accepts one of two concurrent users", async () => {
    const bed = await bedOf();
    const users = ["alice", "bob"];
    for (const user of users) await bed.emulator.wallet.login(idOf(await asked(bed.emulator)), { user });
    const key = await asked(bed.emulator);
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        resultOfLogin(bed.emulator, loginRequest(key.publicKey, userKey(users[i % 2]))),
      ),
    );
    expect(results.sort()).toEqual([...Array(5).fill("DIFFERENT_LOGIN_EXISTS"), ...Array(5).fill("OK")]);
    expect(await kindsAt(bed.emulator, key)).toEqual(["requestToLogin", "intentSubmitted"]);
  });

  it("recognizes a revoked login and rejects other users", async () => {
    const bed = await bedOf();
    const { wallet } = bed.emulator;
    const key = await asked(bed.emulator);
    await wallet.login(idOf(key), { user: "alice" });
    await revoke(bed.store, key);
    const different = invalid("DIFFERENT_LOGIN_EXISTS");
    expect(await refusalOf(wallet.login(idOf(key), { user: "bob" }))).toEqual(different);
    expect((await wallet.login(idOf(key), { user: "alice" })).userId).toBe(userId("alice"));
    expect(await statusOf(bed.emulator, key)).toMatchObject({ intentSubmitted: false });
  });

  it("rejects every login after an intent without a user", async () => {
    const bed = await bedOf();
    const key = await asked(bed.emulator);
    await submit(bed.store, key);
    expect(await refusalOf(bed.emulator.wallet.login(idOf(key)))).toEqual(invalid("DIFFERENT_LOGIN_EXISTS"));
    const answer = await loginOf(bed.emulator, getLoginRequest(key.publicKey, verifier));
    expect(answer).toEqual(["NO_USER_LOGGED_IN"]);
  });

  it.each<[string, MessageInitShape<typeof LoginToThirdPartyAppRequestSchema>, string]>([
    ["without an intent", { userId: of(32), signature: of(64) }, "IntentId: value is required"],
    ["without a user", { intentId: of(32), signature: of(64) }, "UserId: value is required"],
    ["without a signature", { intentId: of(32), userId: of(32) }, "Signature: value is required"],
    ["with an intent of 33 bytes", { intentId: of(33) }, embedded("IntentId", 32)],
    [
      "with a user of 31 bytes",
      { intentId: of(32), userId: of(31), signature: of(65) },
      embedded("UserId", 32, "SolanaAccountId"),
    ],
    [
      "with a signature of 65 bytes",
      { intentId: of(32), userId: of(32), signature: of(65) },
      embedded("Signature", 64),
    ],
  ])("rejects an invalid request: %s", async (_, request, text) => {
    const { emulator } = await bedOf();
    expect(await refusalOf(identityOf(emulator).loginToThirdPartyApp(request))).toEqual(
      invalid(`invalid LoginToThirdPartyAppRequest.${text}`),
    );
  });
});

describe("a login call with a failing store", () => {
  it("returns Internal without text for every call", async () => {
    const failure = new Error("broken");
    const store = { ...memoryStore(), transaction: () => Promise.reject(failure) };
    const { emulator, errors } = await bedOf({
      store: { ...store, dump: async () => new Map(), close: async () => {} },
    });
    const internal = { code: "Internal", text: "" };
    const { publicKey } = newKey();
    const { getLoginForThirdPartyApp, loginToThirdPartyApp } = identityOf({
      transport: memory.open(emulator),
    });
    expect(await refusalOf(getLoginForThirdPartyApp(getLoginRequest(publicKey, verifier)))).toEqual(internal);
    expect(await refusalOf(loginToThirdPartyApp(loginRequest(publicKey, verifier)))).toEqual(internal);
    expect(errors).toEqual([failure, failure]);
  });
});

/** Signatures of a login call at a key that are not by the account. */
function forgeries(key: SigningKey, account: SigningKey): Uint8Array[] {
  const { publicKey } = key;
  const bytes = loginBytes(publicKey, account.publicKey);
  return [
    newKey().sign(bytes),
    key.sign(bytes),
    account.sign(loginBytes(newKey().publicKey, account.publicKey)),
    account.sign(loginBytes(publicKey, newKey().publicKey)),
    account.sign(bytes.subarray(0, 36)),
    account.sign(Buffer.concat([bytes, Buffer.from("1a00", "hex")])),
    filled(0, 64),
  ];
}

async function revoke(store: Store, key: SigningKey): Promise<void> {
  await store.transaction(idOf(key), async (transaction) => {
    const intent = await transaction.getIntent();
    if (intent === undefined) throw new Error("there is no intent");
    await transaction.putIntent({ ...intent, state: "revoked" });
  });
}

function of(length: number) {
  return { value: filled(1, length) };
}

/** The validation text for a wrong length inside a field. */
function embedded(field: string, length: number, message = field): string {
  const inner = `invalid ${message}.Value: value length must be ${length} bytes`;
  return `${field}: embedded message failed validation | caused by: ${inner}`;
}
