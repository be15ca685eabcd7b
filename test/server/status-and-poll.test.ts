import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, type ConnectError } from "@connectrpc/connect";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PollMessagesRequestSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { RegisterWebhookResponse_Result as Result } from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import type { SigningKey } from "../../src/crypto/types.js";
import { Emulator, memoryStore, type Store } from "../../src/emulator/index.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { checkServerOptions } from "../../src/server/options.js";
import { codePoints, runs } from "../support/property.js";
import {
  codeScanned,
  fiat,
  filled,
  lengthDelimited,
  login,
  messagingOf,
  microPaymentOf,
  newKey,
  payment,
  poll,
  refusalOf,
  sendKind,
  sendLogin,
  sendPayment,
  statusOf,
  unauthenticated,
} from "../support/sequencer.js";
import { submit } from "../support/stores.js";

const verifier = newKey();
const resolved: string[] = [];
// Names that resolve. No test uses a real resolver.
const known = new Set([
  "example.com",
  "hooks.example.com",
  "shop",
  "xn--bcher-kva.de",
  "bücher.de",
  "10.0.0.1",
]);
const resolveHost = async (name: string) => {
  resolved.push(name);
  if (!known.has(name)) throw new Error(`no such host: ${name}`);
};

let store: Store;
let emulator: Emulator;
beforeAll(async () => {
  store = memoryStore();
  emulator = await Emulator.start({
    store,
    resolveHost,
    allowLocalWebhooks: false,
    fetchWellKnown: async () => ({
      status: 200,
      body: JSON.stringify({ public_keys: [toBase58(verifier.publicKey)] }),
    }),
  });
});
afterAll(async () => {
  await emulator.close();
  await store.close();
});

async function requested(): Promise<SigningKey> {
  const key = newKey();
  await sendPayment(emulator, key, payment());
  return key;
}

const keyOf = ({ publicKey }: SigningKey) => ({ value: publicKey });
const idsAt = async (key: SigningKey) =>
  (await poll(emulator, key)).flatMap(({ id }) => (id === undefined ? [] : [id]));
const acknowledge = async (key: SigningKey, messageIds: { readonly value: Uint8Array }[]) =>
  messagingOf(emulator).ackMessages({ rendezvousKey: keyOf(key), messageIds });
const stateOf = async (key: SigningKey) => {
  const { exists, codeScanned, intentSubmitted } = await statusOf(emulator, key);
  return { exists, codeScanned, intentSubmitted };
};

describe("GetStatus", () => {
  const nothing = { exists: false, codeScanned: false, intentSubmitted: false };

  it("returns all false for an unknown key without an error", async () => {
    expect(await stateOf(newKey())).toEqual(nothing);
  });

  it("reports the request, scan and submission of an intent", async () => {
    const key = await requested();
    expect(await stateOf(key)).toEqual({ ...nothing, exists: true });
    await sendKind(emulator, key, codeScanned);
    expect(await stateOf(key)).toEqual({ exists: true, codeScanned: true, intentSubmitted: false });
    await submit(store, key);
    expect(await stateOf(key)).toEqual({ exists: true, codeScanned: true, intentSubmitted: true });
  });

  it("reports codeScanned until all scan messages are acknowledged, and again after the next scan", async () => {
    const key = await requested();
    await sendKind(emulator, key, codeScanned);
    await sendKind(emulator, key, codeScanned);
    const [request, first, second] = await idsAt(key);
    if (request === undefined || first === undefined || second === undefined) throw new Error("too few");
    await acknowledge(key, [first]);
    expect((await stateOf(key)).codeScanned).toBe(true);
    await acknowledge(key, [second]);
    expect(await stateOf(key)).toEqual({ ...nothing, exists: true });
    // The record stays after its message is deleted.
    await acknowledge(key, [request]);
    expect(await stateOf(key)).toEqual({ ...nothing, exists: true });
    await sendKind(emulator, key, codeScanned);
    expect((await stateOf(key)).codeScanned).toBe(true);
  });

  it("does not report a revoked intent as submitted", async () => {
    const key = await requested();
    await submit(store, key, "revoked");
    expect(await stateOf(key)).toEqual({ ...nothing, exists: true });
  });

  it("returns all false without a request, whatever else is stored", async () => {
    const key = newKey();
    await sendKind(emulator, key, codeScanned);
    await submit(store, key);
    expect(await stateOf(key)).toEqual(nothing);
  });

  it("reports the same states for a login", async () => {
    const key = newKey();
    await sendLogin(emulator, key, login(key, verifier, "example.com"));
    await sendKind(emulator, key, codeScanned);
    expect(await stateOf(key)).toEqual({ exists: true, codeScanned: true, intentSubmitted: false });
  });
});

describe("PollMessages", () => {
  it("returns the stored messages, oldest first, and deletes none", async () => {
    const key = await requested();
    const seconds = Array.from({ length: 20 }, (_, i) => BigInt(100 - i));
    for (const value of seconds)
      await sendKind(emulator, key, { case: "codeScanned", value: { timestamp: { seconds: value } } });
    for (let i = 0; i < 2; i++) {
      const messages = await poll(emulator, key);
      expect(messages[0]?.kind.case).toBe("requestToReceiveBill");
      expect(
        messages
          .slice(1)
          .map(({ kind }) => (kind.case === "codeScanned" ? kind.value.timestamp?.seconds : -1n)),
      ).toEqual(seconds);
    }
  });

  it("returns no messages for an unknown key", async () => {
    expect(await poll(emulator, newKey())).toEqual([]);
  });

  it("returns at most 257 messages", async () => {
    const key = newKey();
    for (let i = 0; i < 300; i++)
      await sendKind(emulator, key, { case: "codeScanned", value: { timestamp: { seconds: BigInt(i) } } });
    const messages = await poll(emulator, key);
    expect(messages).toHaveLength(257);
    const last = messages.at(-1)?.kind;
    expect(last?.case === "codeScanned" && last.value.timestamp?.seconds).toBe(256n);
    await acknowledge(key, await idsAt(key));
    expect(await poll(emulator, key)).toHaveLength(43);
  });

  describe("signs the request without its signature, and", () => {
    const bytesFor = (key: SigningKey) =>
      toBinary(PollMessagesRequestSchema, create(PollMessagesRequestSchema, { rendezvousKey: keyOf(key) }));
    const pollWith = (key: SigningKey, value: Uint8Array) =>
      messagingOf(emulator).pollMessages({ rendezvousKey: keyOf(key), signature: { value } });

    it("the signed bytes are the key in its field", async () => {
      const key = newKey();
      expect(Buffer.from(bytesFor(key)).toString("hex")).toBe(
        `0a220a20${Buffer.from(key.publicKey).toString("hex")}`,
      );
      expect((await pollWith(key, key.sign(bytesFor(key)))).messages).toEqual([]);
    });

    it("rejects the signature of another key or over other bytes", async () => {
      const key = await requested();
      const [stranger, bytes] = [newKey(), bytesFor(key)];
      const wrong = [
        filled(0, 64),
        stranger.sign(bytes),
        key.sign(key.publicKey),
        key.sign(bytes.subarray(2)),
        key.sign(Buffer.concat([bytes, lengthDelimited(2, lengthDelimited(1, filled(0, 64)))])),
      ];
      for (const signature of wrong)
        expect(await refusalOf(pollWith(key, signature))).toEqual(unauthenticated());
    });

    it("includes unknown fields in the signature", async () => {
      const key = newKey();
      const bytes = Buffer.concat([bytesFor(key), lengthDelimited(50, filled(1, 2))]);
      const request = fromBinary(PollMessagesRequestSchema, bytes);
      const call = (value: Uint8Array) =>
        messagingOf(emulator).pollMessages({
          ...request,
          signature: { $typeName: "code.common.v1.Signature", value },
        });
      expect((await call(key.sign(bytes))).messages).toEqual([]);
      expect(await refusalOf(call(key.sign(bytesFor(key))))).toEqual(unauthenticated());
    });
  });
});

describe("AckMessages", () => {
  it("deletes the named messages of the key without a signature", async () => {
    const key = await requested();
    for (let i = 0; i < 3; i++) await sendKind(emulator, key, codeScanned);
    const [first, second, third, fourth] = await idsAt(key);
    if (first === undefined || third === undefined) throw new Error("too few");
    expect((await acknowledge(key, [third, first])).result).toBe(0);
    expect(await idsAt(key)).toEqual([second, fourth]);
  });

  it("succeeds again, and for ids that are unknown or repeated", async () => {
    const key = await requested();
    const [id] = await idsAt(key);
    if (id === undefined) throw new Error("too few");
    for (const ids of [[{ value: filled(1, 16) }], [id, id], [id], [id, { value: filled(2, 16) }]])
      expect((await acknowledge(key, ids)).result).toBe(0);
    expect(await idsAt(key)).toEqual([]);
  });

  it("leaves the messages of other keys", async () => {
    const [key, other] = [await requested(), await requested()];
    await acknowledge(other, await idsAt(key));
    expect(await idsAt(key)).toHaveLength(1);
    expect(await idsAt(other)).toHaveLength(1);
  });

  it("does not create a key, and neither do the other calls that only read", async () => {
    const before = (await store.dump()).size;
    for (let i = 0; i < 10; i++) {
      const key = newKey();
      await acknowledge(key, [{ value: filled(1, 16) }]);
      await poll(emulator, key);
      await statusOf(emulator, key);
      await microPaymentOf(emulator).registerWebhook({ intentId: keyOf(key), url: "https://example.com/" });
      await refusalOf(sendPayment(emulator, key, payment({ exchangeData: fiat("usd", 6) })));
    }
    expect((await store.dump()).size).toBe(before);
  });
});

describe("RegisterWebhook", () => {
  const register = async (key: SigningKey, url: string, at: Emulator = emulator) => {
    const { result } = await microPaymentOf(at).registerWebhook({ intentId: keyOf(key), url });
    return Result[result];
  };
  const good = "https://example.com/paid";
  const bad = "https://nowhere.example/paid";
  const urlAt = (key: SigningKey) =>
    store.transaction(toBase58(key.publicKey), async (transaction) => (await transaction.getWebhook())?.url);

  it("checks the rules in the order of the protocol", async () => {
    const [unknown, submittedOnly] = [newKey(), newKey()];
    await submit(store, submittedOnly);
    expect(await register(unknown, bad)).toBe("INVALID_URL");
    expect(await register(submittedOnly, bad)).toBe("INVALID_URL");
    expect(await register(submittedOnly, good)).toBe("INTENT_EXISTS");
    expect(await register(unknown, good)).toBe("REQUEST_NOT_FOUND");
    const key = await requested();
    expect(await register(key, good)).toBe("OK");
    expect(await register(key, good)).toBe("ALREADY_REGISTERED");
    expect(await register(key, bad)).toBe("INVALID_URL");
    await submit(store, key);
    expect(await register(key, good)).toBe("INTENT_EXISTS");
    const revoked = await requested();
    await submit(store, revoked, "revoked");
    expect(await register(revoked, good)).toBe("INTENT_EXISTS");
  });

  it("keeps the first URL as written", async () => {
    const key = await requested();
    const url = "https://example.com/Paid?order=1&share=50%#top";
    expect(await register(key, url)).toBe("OK");
    expect(await register(key, "https://hooks.example.com/")).toBe("ALREADY_REGISTERED");
    expect(await urlAt(key)).toBe(url);
  });

  it("registers one of many concurrent webhooks", async () => {
    const key = await requested();
    const urls = Array.from({ length: 10 }, (_, i) => `https://example.com/${i}`);
    const results = await Promise.all(urls.map((url) => register(key, url)));
    expect(results.filter((result) => result === "OK")).toHaveLength(1);
    expect(results.filter((result) => result === "ALREADY_REGISTERED")).toHaveLength(9);
    expect(await urlAt(key)).toBe(urls[results.indexOf("OK")]);
  });

  it("works for logins and does not change the status", async () => {
    const key = newKey();
    await sendLogin(emulator, key, login(key, verifier, "example.com"));
    expect(await register(key, good)).toBe("OK");
    expect(await stateOf(key)).toEqual({ exists: true, codeScanned: false, intentSubmitted: false });
  });

  it.each([
    ["plain http", "http://example.com/"],
    ["no path", "https://example.com"],
    ["a query without a path", "https://example.com?x"],
    ["a user, who is no part of the host", "https://me:secret@example.com/"],
    ["a subdomain", "https://hooks.example.com/a b"],
    ["a single label that resolves", "http://shop/"],
    ["an address that resolves", "http://10.0.0.1/"],
    ["punycode", "https://xn--bcher-kva.de/"],
  ])("accepts %s", async (_, url) => {
    expect(await register(await requested(), url)).toBe("OK");
  });

  it.each([
    ["a port", "https://example.com:8443/x"],
    ["the usual port", "https://example.com:443/x"],
    ["an empty port", "https://example.com:/x"],
    ["localhost with a port", "http://localhost:3000"],
    ["upper case", "https://Example.com/"],
    ["letters that are not ASCII", "https://bücher.de/"],
    ["upper case in letters that want punycode", "https://BÜCHER.de/"],
    ["an underscore", "https://my_shop.example.com/"],
    ["an IPv6 address", "https://[::1]/"],
    ["an escaped letter that is not ASCII", "https://b%C3%BCcher.de/"],
    ["an empty label", "https://example..com/"],
    ["a label that begins with a hyphen", "https://-.example.com/"],
    ["a label of 64 characters", `https://${"a".repeat(64)}.com/`],
    ["a name of 254 characters", `https://${"a.".repeat(126)}bc/`],
    ["hyphens where punycode has them", "https://ab--cd.com/"],
    ["no host", "https:///path"],
    ["no slashes", "https:example.com"],
    ["a user without a host", "https://me@/"],
    ["another scheme that begins with http", "httpx://example.com/"],
  ])("rejects %s before it uses the resolver", async (_, url) => {
    resolved.length = 0;
    expect(await register(await requested(), url)).toBe("INVALID_URL");
    expect(resolved).toEqual([]);
  });

  it("rejects a host that does not resolve", async () => {
    resolved.length = 0;
    expect(await register(await requested(), "https://gone.example.com/")).toBe("INVALID_URL");
    expect(await register(await requested(), "http://localhost/")).toBe("INVALID_URL");
    expect(resolved).toEqual(["gone.example.com", "localhost"]);
  });

  it("returns a result or a validation error for any URL", async () => {
    const key = newKey();
    const anything = fc.oneof(
      fc.webUrl({ withFragments: true, withQueryParameters: true }),
      fc.string({ unit: codePoints, maxLength: 40 }).map((text) => `http${text}`),
      fc.string({ unit: "grapheme", maxLength: 40 }).map((text) => `https://${text}/`),
    );
    await fc.assert(
      fc.asyncProperty(anything, async (url) => {
        const outcome = await register(key, url).catch((error: ConnectError) => Code[error.code]);
        expect(["INVALID_URL", "REQUEST_NOT_FOUND", "InvalidArgument"]).toContain(outcome);
      }),
      runs(500),
    );
  });

  describe("RegisterWebhook with local webhooks allowed", () => {
    let local: Emulator;
    beforeAll(async () => {
      local = await Emulator.start({ resolveHost });
    });
    afterAll(() => local.close());
    const result = async (url: string, at = local) => {
      const key = newKey();
      await sendPayment(at, key, payment());
      return register(key, url, at);
    };

    it("accepts loopback hosts with any port without a resolver, and no other host with a port", async () => {
      resolved.length = 0;
      for (const host of ["localhost", "127.0.0.1", "127.1.2.3", "[::1]", "shop.localhost", "LOCALHOST"]) {
        expect(await result(`http://${host}/`)).toBe("OK");
        expect(await result(`https://${host}:3000/paid`)).toBe("OK");
      }
      expect(resolved).toEqual([]);
      expect(await result("http://example.com:8080/")).toBe("INVALID_URL");
      expect(await result("http://example.com/")).toBe("OK");
      expect(resolved).toEqual(["example.com"]);
    });

    it("accepts a listed host in any case with any port without a resolver, and loopback, and no other host", async () => {
      const listing = await Emulator.start({
        resolveHost,
        allowLocalWebhooks: ["App", "10.0.0.7", "fd00::7"],
      });
      try {
        resolved.length = 0;
        for (const host of ["app", "APP", "app.", "10.0.0.7", "[fd00::7]", "localhost"])
          expect(await result(`http://${host}:3000/paid`, listing)).toBe("OK");
        expect(resolved).toEqual([]);
        for (const host of ["other", "app.example", "10.0.0.8"])
          expect(await result(`http://${host}:3000/paid`, listing)).toBe("INVALID_URL");
      } finally {
        await listing.close();
      }
    });

    it.each([["http://app"], ["app:3000"], ["app/paid"], [""], [7], "app", null].map((value) => [value]))(
      "rejects an option that does not list host names: %j",
      async (value) => {
        await expect(Emulator.start({ allowLocalWebhooks: value as never })).rejects.toMatchObject({
          code: "invalid_option",
          field: "allowLocalWebhooks",
        });
      },
    );

    it.each([
      ["a host that does not resolve", "http://gone.example.com:8080/"],
      ["upper case", "https://Example.com/"],
      ["only a port", "http://:3000/"],
      ["a name that only looks like loopback", "http://localhost.example.org/"],
      ["another IPv6 address", "http://[::2]/"],
    ])("still rejects %s", async (_, url) => {
      expect(await result(url)).toBe("INVALID_URL");
    });
  });

  it.each([
    ["127.0.0.1", true],
    ["localhost", true],
    ["::1", true],
    ["0.0.0.0", false],
    ["::", false],
    ["sequencer.example", false],
  ])("allows local webhooks by default if it listens on loopback: %s", (host, allowed) => {
    expect(checkServerOptions({ host }).isLocalHost("localhost")).toBe(allowed);
  });
});
