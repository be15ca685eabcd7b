import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SigningKey } from "../../src/crypto/types.js";
import { Emulator, memoryStore, type Store, type WellKnownAnswer } from "../../src/emulator/index.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { Agreement } from "../contract/agreement.js";
import {
  denied,
  filled,
  invalid,
  type LoginFields,
  login,
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

const verifier = newKey();
const listed = JSON.stringify({ public_keys: [toBase58(verifier.publicKey)] });
const fetched: string[] = [];
let answer: (url: string) => Promise<WellKnownAnswer>;

let store: Store;
const agreement = new Agreement();
afterAll(() => expect(agreement.disagreements.join("\n")).toBe(""));
let emulator: Emulator;
beforeAll(async () => {
  store = memoryStore();
  emulator = agreement.of(
    await Emulator.start({
      store,
      fetchWellKnown: (url) => {
        fetched.push(url);
        return answer(url);
      },
    }),
  );
});
afterAll(async () => {
  await emulator.close();
  await store.close();
});
beforeEach(() => {
  fetched.length = 0;
  answer = async () => ({ status: 200, body: listed });
});

const send = (key: SigningKey, fields: LoginFields = {}, domain = "example.com", by = verifier) =>
  sendLogin(emulator, key, login(key, by, domain, fields));
const refused = (...call: Parameters<typeof send>) => refusalOf(send(...call));
const recordOf = (key: SigningKey) =>
  store.transaction(toBase58(key.publicKey), (transaction) => transaction.getRequest());

describe("a login request", () => {
  it("checks the rules in the order of the protocol: each request violates one rule and those after it", async () => {
    const [submitted, paid] = [newKey(), newKey()];
    await submit(store, submitted);
    await sendPayment(emulator, paid, payment());
    const signature = { value: filled(1, 64) };
    const rendezvousKey = { value: filled(1) };
    answer = async () => ({ status: 500, body: "" });
    expect(await refused(submitted, { signature, rendezvousKey }, "LOGIN.example")).toEqual(
      unauthenticated(),
    );
    expect(await refused(submitted, { rendezvousKey }, "LOGIN.example")).toEqual(
      invalid("client submitted intent"),
    );
    expect(await refused(paid, { rendezvousKey }, "LOGIN.example")).toEqual(
      invalid("domain is invalid: domain name is invalid: idna: disallowed rune U+004C"),
    );
    expect(await refused(paid, { rendezvousKey }, "login.example")).toEqual(
      invalid("rendezvous key mismatch"),
    );
    expect(await refused(paid, {}, "login.example")).toEqual(invalid("original request requires payment"));
    expect(fetched).toEqual([]);
    expect(await refused(newKey(), {}, "login.example")).toEqual(
      unauthenticated("error veryfing domain ownership: http status 500 returned"),
    );
    answer = async () => ({ status: 200, body: "{}" });
    expect(await refused(newKey(), {}, "login.example")).toEqual(
      denied(`${toBase58(verifier.publicKey)} does not own domain login.example`),
    );
  });

  it("stores a record with a verified base domain and without a payment", async () => {
    const key = newKey();
    const { messageId } = await send(key);
    expect(messageId?.value).toHaveLength(16);
    expect(await recordOf(key)).toMatchObject({
      payment: undefined,
      domain: { base: "example.com", verified: true },
    });
    expect(await statusOf(emulator, key)).toMatchObject({
      exists: true,
      codeScanned: false,
      intentSubmitted: false,
    });
    expect((await poll(emulator, key)).map(({ kind }) => kind.case)).toEqual(["requestToLogin"]);
    expect(fetched).toEqual(["https://example.com/.well-known/code-payments.json"]);
  });

  it.each([
    ["localhost", "value must have base domain and tld"],
    ["eXample.com", "domain name is invalid: idna: disallowed rune U+0058"],
  ])("rejects the domain %s", async (domain, why) => {
    expect(await refused(newKey(), {}, domain)).toEqual(invalid(`domain is invalid: ${why}`));
  });

  it("counts a root dot as a label", async () => {
    const key = newKey();
    await send(key, {}, "com.");
    expect(fetched).toEqual(["https://com./.well-known/code-payments.json"]);
    expect((await recordOf(key))?.domain).toEqual({ base: "com.", verified: true });
    expect(await refused(newKey(), {}, "example.com.")).toEqual(
      unauthenticated("error veryfing domain ownership: subdomains cannot be verified"),
    );
  });

  it("verifies only the one verifiable subdomain", async () => {
    expect(await refused(newKey(), {}, "app.example.com")).toEqual(
      unauthenticated("error veryfing domain ownership: subdomains cannot be verified"),
    );
    expect(fetched).toEqual([]);
    const key = newKey();
    await send(key, {}, "app.getcode.com");
    expect(fetched).toEqual(["https://app.getcode.com/.well-known/code-payments.json"]);
    expect((await recordOf(key))?.domain).toEqual({ base: "getcode.com", verified: true });
  });

  it("requires the verifier's signature over domain, verifier and rendezvous key", async () => {
    const key = newKey();
    const other = newKey();
    const own = login(key, verifier, "example.com");
    const changes: LoginFields[] = [
      { domain: { value: "example.org" } },
      { verifier: { value: other.publicKey } },
      { rendezvousKey: { value: other.publicKey } },
    ];
    for (const change of changes)
      expect(await refused(key, { ...change, signature: own.signature })).toEqual(unauthenticated());
    // Signed by the rendezvous key instead of the verifier.
    const byRendezvous = login(key, key, "example.com", { verifier: { value: verifier.publicKey } });
    expect(await refusalOf(sendLogin(emulator, key, byRendezvous))).toEqual(unauthenticated());
    await sendLogin(emulator, key, own);
  });

  it("rejects a login request that was made for another key", async () => {
    const [key, other] = [newKey(), newKey()];
    const request = login(key, verifier, "example.com");
    expect(await refusalOf(sendLogin(emulator, other, request))).toEqual(invalid("rendezvous key mismatch"));
  });
});

describe("a repeated login request", () => {
  it("accepts repeats as new messages without changing the record", async () => {
    const key = newKey();
    await send(key);
    const record = await recordOf(key);
    for (let i = 0; i < 3; i++) await send(key);
    expect(await recordOf(key)).toBe(record);
    const ids = (await poll(emulator, key)).map(({ id }) => toBase58(id?.value ?? filled(0, 0)));
    expect(new Set(ids).size).toBe(4);
  });

  it("compares the base domain before it checks the owner", async () => {
    const key = newKey();
    await send(key, {}, "app.getcode.com");
    await send(key, {}, "getcode.com");
    answer = async () => ({ status: 500, body: "" });
    expect(await refused(key, {}, "example.com")).toEqual(invalid("domain mismatches original request"));
    expect(await refused(key, {}, "getcode.com")).toEqual(
      unauthenticated("error veryfing domain ownership: http status 500 returned"),
    );
  });

  it("accepts another verifier that owns the domain", async () => {
    const second = newKey();
    const keys = [verifier, second].map(({ publicKey }) => toBase58(publicKey));
    answer = async () => ({ status: 200, body: JSON.stringify({ public_keys: keys }) });
    const key = newKey();
    await send(key);
    await send(key, {}, "example.com", second);
    expect(await poll(emulator, key)).toHaveLength(2);
  });

  it("rejects a login after a payment and a payment after a login, verified or not", async () => {
    const paid = newKey();
    await sendPayment(emulator, paid, verifiedPayment(paid, verifier, "example.com"));
    expect(await refused(paid)).toEqual(invalid("original request requires payment"));
    const key = newKey();
    await send(key);
    expect(
      await refusalOf(sendPayment(emulator, key, verifiedPayment(key, verifier, "example.com"))),
    ).toEqual(invalid("original request doesn't require payment"));
  });

  it("rejects a repeat after an intent was submitted", async () => {
    const key = newKey();
    await send(key);
    await submit(store, key);
    expect(await refused(key)).toEqual(invalid("client submitted intent"));
    expect(await statusOf(emulator, key)).toMatchObject({ exists: true, intentSubmitted: true });
  });
});
