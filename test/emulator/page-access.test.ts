import type http from "node:http";
import { createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { EmulatorService } from "../../gen/codeintents/emulator/v1/emulator_service_pb.js";
import { WalletService } from "../../gen/codeintents/emulator/v1/wallet_service_pb.js";
import { MovableClock } from "../../src/emulator/index.js";
import { pageHandler } from "../../src/emulator/page/page.js";
import { cleanUp, type Emulated, emulated, intentOf, register } from "../support/emulated.js";
import { rawRequest } from "../support/raw-http.js";

afterEach(cleanUp);

const TOKEN = "a token of many characters";
const EVIL = "https://evil.example";

const methods = [EmulatorService, WalletService].flatMap((service) =>
  service.methods.map(({ name, methodKind }) => ({ path: `/${service.typeName}/${name}`, methodKind })),
);

/** The state that a page could change: the intents and the clock. */
async function stateOf({ emulator, clock }: Emulated): Promise<unknown> {
  return [await emulator.exportState(), clock.now()];
}

const json = { "content-type": "application/json" };
const advance = (emulator: { port: number }, headers: http.OutgoingHttpHeaders) =>
  rawRequest(emulator, {
    path: `/${EmulatorService.typeName}/AdvanceClock`,
    headers: { host: `127.0.0.1:${emulator.port}`, ...json, ...headers },
    body: '{"duration":"1s"}',
  });

it("explains a wrong host name to a person in HTML, and to a program in JSON", async () => {
  const { emulator } = await emulated();
  const get = (accept: string) =>
    rawRequest(emulator, { method: "GET", path: "/", headers: { host: "emulator:8787", accept } });
  const page = await get("text/html,application/xhtml+xml");
  expect([page.status, page.headers["content-type"]]).toEqual([421, "text/html; charset=utf-8"]);
  expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
  expect(page.text).toContain("host not allowed: emulator:8787");
  expect(page.text).toContain("--allow-host");
  const json = await get("application/json");
  expect(JSON.parse(json.text)).toEqual({ error: "host not allowed: emulator:8787", success: false });
});

it("explains to a person from another machine how to open the page", async () => {
  const handle = pageHandler(false, () => {});
  const answered = async (accept: string) => {
    let status = 0;
    let sent: Record<string, string> = {};
    let body = "";
    const res = {
      writeHead(code: number, headers: Record<string, string>) {
        status = code;
        sent = headers;
      },
      end(text: string) {
        body = text;
      },
    };
    const req = { method: "GET", url: "/", headers: { accept }, socket: { remoteAddress: "192.0.2.7" } };
    await handle(req as never, res as never);
    return { status, type: sent["Content-Type"], body };
  };
  const page = await answered("text/html");
  expect(page).toMatchObject({ status: 403, type: "text/html; charset=utf-8" });
  expect(page.body).toContain("The page is served on loopback only.");
  expect(page.body).toContain("--control-token-file");
  const json = await answered("*/*");
  expect(json).toMatchObject({ status: 403, type: expect.stringContaining("application/json") });
});

describe("a page that moves the clock without a token", () => {
  const loopback = "http://localhost:5173";

  it.each([
    ["the emulator's own", undefined, "own", true],
    ["the emulator's own", [], "own", true],
    ["the emulator's own", "*", "own", true],
    ["on a loopback origin", undefined, loopback, true],
    ["on a loopback origin", "*", loopback, true],
    ["on a loopback origin", [loopback], loopback, true],
    ["on a loopback origin", [EVIL], loopback, false],
    ["on a loopback origin", [], loopback, false],
    ["of another site", undefined, EVIL, false],
    ["of another site", "*", EVIL, false],
    ["of another site", ["*"], EVIL, false],
    ["of another site", [EVIL], EVIL, false],
    ["with an opaque origin", ["null"], "null", false],
    ["with an opaque origin", "*", "null", false],
    ["with a name that resembles loopback", "*", "http://localhost.evil.example", false],
  ] as const)("%s, where origins are %j: %s -> %s", async (_, allowedOrigins, given, may) => {
    const all = await emulated({ allowedOrigins });
    const origin = given === "own" ? all.emulator.url : given;
    const before = all.clock.now();
    const { status, text } = await advance(all.emulator, { origin });
    expect([status, all.clock.now() - before]).toEqual(may ? [200, 1000] : [403, 0]);
    if (!may) expect(text).not.toContain('"now"');
  });

  it.each(["cross-site", "same-site"])("is rejected for a %s request without an origin", async (site) => {
    const all = await emulated({ allowedOrigins: "*" });
    const before = all.clock.now();
    expect((await advance(all.emulator, { "sec-fetch-site": site })).status).toBe(403);
    expect(all.clock.now()).toBe(before);
    expect((await advance(all.emulator, { "sec-fetch-site": "none" })).status).toBe(200);
  });

  it("is rejected for a DNS name that was pointed at this machine", async () => {
    const all = await emulated({ allowedOrigins: "*" });
    const before = all.clock.now();
    const rebound = { host: "evil.example", origin: "http://evil.example", "sec-fetch-site": "same-origin" };
    expect((await advance(all.emulator, rebound)).status).toBe(421);
    expect(all.clock.now()).toBe(before);
  });
});

describe("a page of another site", () => {
  it("can call the sequencer if its origin is allowed, but no control service", async () => {
    const all = await emulated({ allowedOrigins: [EVIL] });
    await register(all.emulator, intentOf());
    const before = await stateOf(all);
    for (const { path, methodKind } of methods) {
      const unary = methodKind === "unary";
      const headers = {
        origin: EVIL,
        "content-type": unary ? "application/json" : "application/connect+json",
      };
      const body = unary ? "{}" : new Uint8Array([0, 0, 0, 0, 2, 0x7b, 0x7d]);
      const { status, text } = await rawRequest(all.emulator, { path, headers, body });
      expect([path, text]).toEqual([path, expect.stringContaining("permission_denied")]);
      if (unary) expect(status).toBe(403);
    }
    expect(await stateOf(all)).toEqual(before);
    const headers = { origin: EVIL, ...json };
    const path = "/code.micropayment.v1.MicroPayment/GetStatus";
    const body = JSON.stringify({ intentId: { value: Buffer.alloc(32, 1).toString("base64") } });
    expect((await rawRequest(all.emulator, { path, headers, body })).status).toBe(200);
  });

  it("can call the control services with the token if its origin is allowed", async () => {
    const authorization = `Bearer ${TOKEN}`;
    const open = await emulated({ controlToken: TOKEN, allowedOrigins: [EVIL] });
    expect((await advance(open.emulator, { origin: EVIL, authorization })).status).toBe(200);
    expect((await advance(open.emulator, { origin: EVIL })).status).toBe(401);
    const closed = await emulated({ controlToken: TOKEN });
    expect((await advance(closed.emulator, { origin: EVIL, authorization })).status).toBe(403);
  });
});

describe("a request that a plain form or a link can send", () => {
  it.each([
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "text/plain;charset=UTF-8",
    "",
  ])("reaches no control service as %j", async (type) => {
    const all = await emulated();
    const before = await stateOf(all);
    for (const { path } of methods) {
      for (const body of ["{}", "duration=1s", ""]) {
        const headers = type === "" ? {} : { "content-type": type };
        expect((await rawRequest(all.emulator, { path, headers, body })).status).toBe(415);
      }
    }
    expect(await stateOf(all)).toEqual(before);
  });

  it.each(["", "?encoding=json&message=%7B%7D", "?connect=v1&encoding=json&message=%7B%7D"])(
    "changes nothing by GET, with %j",
    async (query) => {
      const all = await emulated();
      await register(all.emulator, intentOf());
      const before = await stateOf(all);
      for (const { path } of methods) {
        const { status } = await rawRequest(all.emulator, { method: "GET", path: path + query });
        expect([path, status]).toEqual([path, 405]);
      }
      expect(await stateOf(all)).toEqual(before);
    },
  );
});

it("returns the emulator's webhook key and time", async () => {
  const clock = new MovableClock({ frozen: true, startAt: 1_700_000_000_000 });
  const { emulator } = await emulated({ clock });
  const { webhookPublicKey, now } = await createClient(EmulatorService, emulator.transport).getEmulator({});
  expect(webhookPublicKey).toBe(emulator.webhookPublicKey);
  expect(now?.seconds).toBe(1_700_000_000n);
});
