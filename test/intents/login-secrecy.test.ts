import { createHash } from "node:crypto";
import { inspect } from "node:util";
import { base58 } from "@scure/base";
import { describe, expect, it } from "vitest";
import { LoginIntents } from "../../src/client/login-intents.js";
import { CodeIntentsError } from "../../src/errors.js";
import type { Intent } from "../../src/intents/intent.js";
import { wellKnownFile } from "../../src/well-known.js";
import { buildLogin, rebuildLogin, stranger, verifier, verifierPublicKey } from "../support/login.js";
import { build, spellings } from "../support/payment.js";

const idempotencySecret = "SECRET-idempotency-secret-of-32-bytes-and-more";
const keyed = { idempotencyKey: "SECRET-session", idempotencySecret };
const { secretKey, publicKey, seed } = verifier;
const secretText = base58.encode(secretKey);
// Public, but no error contains it either.
const login = { domain: "example.com", verifier: secretKey };

function expectNoSecret(text: string, intents: readonly Intent[] = []): void {
  const shown = text.replace(/\s+/g, " ");
  expect(shown).not.toContain("SECRET");
  // A secret in another case could still be recovered.
  expect(shown.toLowerCase()).not.toContain(secretText.toLowerCase());
  const secrets = intents.flatMap(({ payload }) => [
    payload,
    payload.subarray(9),
    createHash("sha256").update(payload).digest(),
  ]);
  for (const { clientSecret } of intents)
    expect(shown.toLowerCase()).not.toContain(clientSecret.toLowerCase());
  for (const secret of [seed, secretKey, Buffer.from(idempotencySecret), ...secrets]) {
    for (const spelling of spellings(secret)) expect(shown).not.toContain(spelling);
  }
}

const forms: [string, unknown][] = [
  ["64 bytes", secretKey],
  ["64 bytes in a Buffer", Buffer.from(secretKey)],
  ["numbers", [...secretKey]],
  ["base58", secretText],
  ["a keypair", { publicKey, secretKey }],
  ["a Solana keypair", { publicKey: { toBytes: () => publicKey }, secretKey }],
  ["a signer that contains its key", { publicKey, secretKey, sign: (m: Uint8Array) => verifier.key.sign(m) }],
];

describe.each(forms)("an intent with %s as its verifier reveals no secret", (_, key) => {
  const webhook = { url: "https://example.com/SECRET-path-token" };
  const given = { ...keyed, webhook, login: { domain: "example.com", verifier: key } };
  const intents = [buildLogin(given), build(given)];
  const shows: [string, (intent: Intent) => string][] = [
    ["util.inspect", (intent) => inspect(intent)],
    [
      "util.inspect with every option",
      (intent) => inspect(intent, { showHidden: true, getters: true, depth: 9 }),
    ],
    ["an object that contains it", (intent) => inspect({ a: [intent] }, { showHidden: true, depth: 9 })],
    ["JSON.stringify", (intent) => JSON.stringify({ intent })],
    ["its own property names", (intent) => Reflect.ownKeys(intent).map(String).join()],
    ["a spread copy", (intent) => inspect({ ...intent }, { showHidden: true, depth: 9 })],
    ["structuredClone", (intent) => inspect(structuredClone(intent), { showHidden: true, depth: 9 })],
    ["its login", (intent) => inspect(intent.login, { showHidden: true, depth: 9 })],
    ["a template string", (intent) => `${intent}`],
  ];

  it.each(shows)("in %s, before and after it signs", (_, show) => {
    for (const intent of intents) {
      expectNoSecret(show(intent), intents);
      intent.sign();
      expectNoSecret(show(intent), intents);
    }
  });

  it("in the bytes that are sent", () => {
    for (const intent of intents) {
      const { message } = intent.sign();
      for (const bytes of [message, intent.toSendMessageRequest()])
        expectNoSecret(Buffer.from(bytes).toString("hex"), intents);
    }
  });
});

it("a login shows everything else, for logs", () => {
  const intent = buildLogin({ ...keyed, login, webhook: { url: "https://example.com/SECRET" } });
  const shown = {
    id: intent.id,
    login: { domain: "example.com", verifier: verifierPublicKey },
    webhook: "https://example.com",
  };
  expect(intent.toJSON()).toEqual(shown);
  expect(inspect(intent, { getters: true })).toBe(`LoginIntent ${inspect(shown)}`);
});

describe("errors reveal no secret", () => {
  const at = (more: object) => buildLogin({ ...keyed, login: { ...login, ...more } });
  const as = (key: unknown) => at({ verifier: key });
  const { clientSecret, id } = buildLogin({ ...keyed, login });
  const swapped = Uint8Array.from([...seed, ...stranger.publicKey]);
  const holder = (more: object) => ({ publicKey, secretKey, SECRET: "SECRET", ...more });

  it.each<[string, () => unknown]>([
    ["a domain that is the secret key", () => at({ domain: secretText })],
    ["a domain that is the client secret", () => at({ domain: clientSecret })],
    ["a domain that is a path of secrets", () => at({ domain: `${secretText}/SECRET` })],
    ["a domain with a password", () => at({ domain: "https://u:SECRET@example.com/SECRET" })],
    ["a domain with a query", () => at({ domain: "example.com?SECRET" })],
    ["a domain with a secret and a non-ASCII letter", () => at({ domain: `${secretText}é` })],
    ["a domain of labels that are secrets", () => at({ domain: `${secretText}.${secretText}.X` })],
    ["a domain that contains a secret", () => at({ domain: ["SECRET"] })],
    ["a truncated secret key", () => as(secretKey.subarray(0, 63))],
    ["a truncated secret key, as numbers", () => as([...secretKey].slice(1))],
    ["a truncated secret key, as base58", () => as(base58.encode(secretKey.subarray(1)))],
    ["a secret key with an extra character", () => as(`${secretText}0`)],
    ["a secret key in hex", () => as(Buffer.from(secretKey).toString("hex"))],
    ["a seed", () => as(seed)],
    ["a secret key of mismatched halves", () => as(swapped)],
    ["a secret key of mismatched halves, as base58", () => as(base58.encode(swapped))],
    ["a pair of mismatched keys", () => as({ publicKey: stranger.publicKey, secretKey })],
    ["a pair with an invalid public key", () => as({ publicKey: seed.subarray(1), secretKey })],
    ["a pair whose secret key is text", () => as({ publicKey, secretKey: secretText })],
    ["numbers that are too large", () => as([...secretKey.subarray(1), 256])],
    ["a signer without a public key", () => as({ sign: () => secretKey, secretKey })],
    ["a signer whose public key is its secret", () => as({ sign: () => seed, publicKey: secretText })],
    ["an object without a method", () => as(holder({ secretKey: [...secretKey] }))],
    ["a secret key among the signers", () => buildLogin({ ...keyed, login, signers: [secretText.slice(1)] })],
    ["signers that are a secret key", () => buildLogin({ ...keyed, login, signers: secretKey })],
    [
      "an unknown option that contains a secret",
      () => buildLogin({ ...keyed, login, verifierKey: secretText }),
    ],
    ["a mode that is a secret", () => buildLogin({ ...keyed, login, mode: secretText })],
    ["a webhook that is a secret", () => buildLogin({ ...keyed, login, webhook: { url: secretText } })],
    ["an expected id that is a secret", () => rebuildLogin({ login, clientSecret, expectedId: secretText })],
    ["a mismatch", () => rebuildLogin({ login, clientSecret: "uqM86tVJL9rhqS", expectedId: id })],
    ["a signer that returns its secret", () => as(holder({ sign: () => secretKey })).sign()],
    ["a signer that returns its secret as text", () => as(holder({ sign: () => secretText })).sign()],
    ["an asynchronous signer", () => as(holder({ sign: async () => secretKey })).sign()],
    ["a public key without a signer", () => as(verifierPublicKey).sign()],
    ["a file that lists a truncated key", () => wellKnownFile([secretText.slice(1)])],
    ["a file that lists numbers", () => wellKnownFile([...secretKey] as never)],
    ["a file that is a secret key", () => wellKnownFile(secretKey as never)],
    ["a file that is a secret key as text", () => wellKnownFile(secretText as never)],
  ])("for %s", (_, act) => {
    expectNoSecret(shownOf(errorOf(act)), [buildLogin({ ...keyed, login })]);
  });

  it("for a signer that throws its secret, which stays in the cause", () => {
    const thrown = new Error(`SECRET ${secretText}`);
    const sign = () => {
      throw thrown;
    };
    const sync = errorOf(() => as(holder({ sign })).sign()) as CodeIntentsError;
    expect(sync.cause).toBe(thrown);
    expectNoSecret([sync.message, String(sync), JSON.stringify(sync)].join());
  });

  it("in the requests of a client", async () => {
    const calls = new LoginIntents(undefined as never, undefined as never, undefined as never);
    for (const key of [secretText.slice(1), seed, swapped, [...swapped], { publicKey, secretKey: swapped }]) {
      const error = await calls.getUserId({ intent: id, verifier: key as never }).catch((e: unknown) => e);
      expect(error).toMatchObject({ field: expect.stringMatching(/^verifier/) });
      expectNoSecret(shownOf(error));
    }
  });
});

function errorOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("was accepted");
}

/** Every way to print an error. */
function shownOf(error: unknown): string {
  expect(error).toBeInstanceOf(CodeIntentsError);
  const { message, stack, cause } = error as CodeIntentsError;
  return [
    message,
    stack,
    String(cause),
    String(error),
    JSON.stringify(error),
    JSON.stringify({ ...(error as object) }),
    inspect(error, { showHidden: true, getters: true, depth: 9 }),
  ].join("\n");
}
