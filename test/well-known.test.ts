import http from "node:http";
import type { AddressInfo } from "node:net";
import nacl from "tweetnacl";
import { afterEach, describe, expect, it } from "vitest";
import {
  WELL_KNOWN_PATH,
  type WellKnownRequest,
  wellKnownFile,
  wellKnownHandler,
  wellKnownMiddleware,
} from "../src/index.js";
import { login, stranger, verifier, verifierPublicKey } from "./support/login.js";
import { cleanUp, later, soon, started } from "./support/login-client.js";
import { failureOf } from "./support/outcomes.js";
import { expectRefusal } from "./support/refusal.js";

afterEach(cleanUp);

const file = `{"public_keys":["${verifierPublicKey}"]}`;
const other = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(9));

describe("the well-known file", () => {
  it.each<[string, unknown]>([
    ["a public key", verifierPublicKey],
    ["a secret key", verifier.secretKey],
    ["a signer", { publicKey: verifier.publicKey, sign: () => new Uint8Array(64) }],
    ["a keypair", nacl.sign.keyPair.fromSeed(verifier.seed)],
  ])("lists only the public key of %s", (_, key) => {
    expect(wellKnownFile([key] as never)).toBe(file);
  });

  it("lists several keys in order, each once", () => {
    const keys = JSON.parse(wellKnownFile([other, verifierPublicKey, other.secretKey, verifier.secretKey]));
    expect(keys).toEqual({ public_keys: [expect.any(String), verifierPublicKey] });
  });

  it.each<[string, unknown, "missing_option" | "invalid_option", string]>([
    ["no list", undefined, "missing_option", "verifiers"],
    ["null", null, "missing_option", "verifiers"],
    ["an empty list", [], "missing_option", "verifiers"],
    ["a key that is in no list", verifierPublicKey, "invalid_option", "verifiers"],
    ["a secret key that is in no list", verifier.secretKey, "invalid_option", "verifiers"],
    ["an object", {}, "invalid_option", "verifiers"],
    ["a list with nothing in it", [undefined], "missing_option", "verifiers[0]"],
    ["a variable that is not set", [verifierPublicKey, ""], "missing_option", "verifiers[1]"],
    ["a secret key as a list of numbers", [...verifier.secretKey], "invalid_option", "verifiers[0]"],
    ["a key that is none", [verifierPublicKey, "abc"], "invalid_option", "verifiers[1]"],
    ["a seed", [verifier.seed], "invalid_option", "verifiers[0]"],
  ])("is rejected with %s at once, not at the first request", (_, verifiers, code, field) => {
    for (const make of [wellKnownFile, wellKnownHandler, wellKnownMiddleware])
      expectRefusal(() => make(verifiers as never), code, field);
  });
});

const url = `https://example.com${WELL_KNOWN_PATH}`;

/** Requests that are answered, and requests that are passed on: method and target. */
const answered: [string, string][] = [
  ["GET", WELL_KNOWN_PATH],
  ["HEAD", WELL_KNOWN_PATH],
  ["GET", `${WELL_KNOWN_PATH}?`],
  ["GET", `${WELL_KNOWN_PATH}?cache=no&a=/b`],
  ["HEAD", `${WELL_KNOWN_PATH}?a?b`],
];
const handedOn: [string, string][] = [
  ["GET", "/"],
  ["GET", `${WELL_KNOWN_PATH}/`],
  ["GET", `/x${WELL_KNOWN_PATH}`],
  ["GET", `/?${WELL_KNOWN_PATH}`],
  ["GET", "/.well-known/code-payments.JSON"],
  ["GET", "/.well-known/code-payments"],
  ["POST", WELL_KNOWN_PATH],
  ["PUT", WELL_KNOWN_PATH],
  ["DELETE", WELL_KNOWN_PATH],
  ["OPTIONS", WELL_KNOWN_PATH],
];

describe("the well-known handler for Fetch", () => {
  const handle = wellKnownHandler([verifierPublicKey]);

  it.each(answered)("answers %s %s", async (method, target) => {
    const response = handle(new Request(new URL(target, url), { method }));
    expect(response?.status).toBe(200);
    expect(response?.headers.get("content-type")).toBe("application/json");
    expect(response?.headers.get("access-control-allow-origin")).toBe("*");
    expect(response?.headers.get("cache-control")).toContain("max-age=");
    expect(await response?.text()).toBe(method === "HEAD" ? "" : file);
  });

  it.each(handedOn)("returns undefined for %s %s", (method, target) => {
    expect(handle(new Request(new URL(target, url), { method }))).toBeUndefined();
  });

  it("returns a new response for every request", async () => {
    const texts = [handle(new Request(url)), handle(new Request(url))].map((response) => response?.text());
    expect(await Promise.all(texts)).toEqual([file, file]);
  });
});

interface Received {
  readonly status: number | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** A `node:http` server with the middleware before everything else. */
async function served(): Promise<(method: string, target: string) => Promise<Received>> {
  const middleware = wellKnownMiddleware([verifierPublicKey]);
  const server = http.createServer((req, res) => {
    middleware(req, res, () => res.writeHead(404).end("next"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  later(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as AddressInfo;
  return (method, path) =>
    new Promise((resolve, reject) => {
      const request = http.request({ port, host: "127.0.0.1", method, path, agent: false }, (response) => {
        let body = "";
        response.on("data", (chunk) => {
          body += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body }));
      });
      request.once("error", reject).end();
    });
}

describe("the well-known middleware for node:http", () => {
  it.each(answered)("answers %s %s", async (method, target) => {
    const { status, headers, body } = await (await served())(method, target);
    expect([status, body]).toEqual([200, method === "HEAD" ? "" : file]);
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "content-length": String(file.length),
      "access-control-allow-origin": "*",
    });
  });

  it.each(handedOn)("passes %s %s on", async (method, target) => {
    expect(await (await served())(method, target)).toMatchObject({ status: 404, body: "next" });
  });

  it("passes on a request without method and target", () => {
    const told: string[] = [];
    const request: WellKnownRequest = {};
    const response = { writeHead: () => told.push("head"), end: () => told.push("end") };
    wellKnownMiddleware([verifierPublicKey])(request, response, () => told.push("next"));
    expect(told).toEqual(["next"]);
  });
});

describe("the sequencer's check of a domain's owner", () => {
  it("accepts the served file, from the address that it requests", async () => {
    const asked: string[] = [];
    const handle = wellKnownHandler([stranger.key, verifier.secretKey]);
    const { code, emulator } = await started(
      {},
      {
        async fetchWellKnown(target) {
          asked.push(target);
          const response = handle(new Request(target));
          return { status: response?.status ?? 404, body: (await response?.text()) ?? "" };
        },
      },
    );
    const intent = await code.loginIntents.create({ login });
    const waiting = code.loginIntents.waitForLogin(intent, soon);
    const { userId } = await emulator.wallet.login(intent);
    await waiting;
    expect(await code.loginIntents.getUserId({ intent, verifier: verifier.secretKey })).toEqual({ userId });
    expect(new Set(asked)).toEqual(new Set([url]));
  });

  it("refuses a verifier that the file does not list", async () => {
    const read = await served();
    const { code } = await started(
      {},
      {
        async fetchWellKnown(target) {
          const { status = 0, body } = await read("GET", new URL(target).pathname);
          return { status, body };
        },
      },
    );
    await code.loginIntents.create({ login });
    const unlisted = { login: { ...login, verifier: stranger.secretKey } };
    expect(await failureOf(code.loginIntents.create(unlisted))).toMatchObject({
      code: "permission_denied",
      sequencerMessage: expect.stringContaining("does not own domain example.com"),
    });
  });
});
