import http from "node:http";
import http2 from "node:http2";
import { cors } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { afterEach, describe, expect, test } from "vitest";
import { MicroPayment } from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import {
  checkHost,
  corsHeaders,
  type GuardOptions,
  guardRequest,
  judgeRequest,
  sendErrorOnSocket,
} from "../../src/server/port/http-guard.js";
import { type PortServer, startPortServer } from "../../src/server/port/port-server.js";

describe("checkHost", () => {
  const loopback = { host: "127.0.0.1", port: 4000 };
  const lan = { host: "192.168.1.5", port: 4000 };
  const named = { host: "Box.lan", port: 4000 };
  const everywhere = { host: "0.0.0.0", port: 4000 };
  const everywhere6 = { host: "::", port: 4000 };
  const lan6 = { host: "FD00:0::5", port: 4000 };

  test.each([
    ["localhost", loopback, undefined],
    ["localhost:1", loopback, undefined],
    ["LocalHost.:4000", loopback, undefined],
    ["shop.localhost:4000", loopback, undefined],
    ["127.0.0.1:4000", loopback, undefined],
    ["127.8.9.10", loopback, undefined],
    ["[::1]", loopback, undefined],
    ["[0:0:0:0:0:0:0:1]:4000", loopback, undefined],
    ["localhost:4000", lan, undefined],
    ["192.168.1.5:4000", lan, undefined],
    ["192.168.1.5", lan, undefined],
    ["box.LAN:4000", named, undefined],
    ["[fd00::5]:4000", lan6, undefined],
    ["10.0.0.7:4000", everywhere, undefined],
    ["[fd00::7]:4000", everywhere6, undefined],
    ["emulator:4000", loopback, ["emulator"]],
    ["EMULATOR:80", loopback, ["other", "Emulator"]],
    ["emulator:4000", loopback, ["emulator:4000"]],
    ["emulator", loopback, ["emulator:80"]],
    ["[fd00::7]:4000", loopback, ["fd00::7"]],
    ["[fd00::7]:4000", loopback, ["[FD00::7]:4000"]],
  ])("accepts host %s at %o with %j allowed", (header, bound, allowed) => {
    expect(checkHost(header, bound, allowed)).toEqual({ kind: "allowed" });
  });

  test.each([
    [undefined, loopback, undefined],
    ["", loopback, undefined],
    ["evil.example", loopback, undefined],
    ["evil.example:4000", everywhere, undefined],
    ["localhost.evil.example", loopback, undefined],
    ["evillocalhost", loopback, undefined],
    ["127.0.0.1.evil.example", loopback, undefined],
    ["127.0.0.1.evil", loopback, undefined],
    ["127.0.0", loopback, undefined],
    ["127.0.0.256", loopback, undefined],
    ["0.0.0.0:4000", loopback, undefined],
    ["192.168.1.5:4000", loopback, undefined],
    ["192.168.1.6:4000", lan, undefined],
    ["[::2]", loopback, undefined],
    ["[::1", loopback, undefined],
    ["::1", loopback, undefined],
    ["[localhost]", loopback, undefined],
    ["user@localhost", loopback, undefined],
    ["localhost/path", loopback, undefined],
    ["localhost:x", loopback, undefined],
    ["localhost, evil.example", loopback, undefined],
    ["emulator:4001", loopback, ["emulator:4000"]],
    ["emulator.evil", loopback, ["emulator"]],
    ["evil.example", loopback, []],
  ])("refuses host %j at %o with %j allowed", (header, bound, allowed) => {
    expect(checkHost(header, bound, allowed)).toMatchObject({ kind: "refused" });
  });

  test.each([
    ["localhost:65536", loopback, undefined],
    ["localhost:99999", loopback, undefined],
    ["127.0.0.1:1234567890123456789012", loopback, undefined],
    ["[::1]:70000", loopback, undefined],
    ["evil.example:65536", loopback, undefined],
    ["emulator:70000", loopback, ["emulator"]],
    ["xn--a.localhost", loopback, undefined],
    ["1.2.localhost.3", { host: "1.2.localhost.3", port: 4000 }, undefined],
    ["a.0x1", loopback, ["a.0x1"]],
  ])("reports host %j at %o with %j allowed as invalid", (header, bound, allowed) => {
    expect(checkHost(header, bound, allowed)).toEqual({
      kind: "invalid",
      error: `not a valid host: ${header}`,
    });
  });

  test.each(["localhost:0", "localhost:65535", "localhost:00080"])("accepts host %j", (header) => {
    expect(checkHost(header, loopback, undefined)).toEqual({ kind: "allowed" });
  });

  test("encodes and truncates the refused host in the error", () => {
    expect(checkHost('<b>"\r\n', loopback, undefined)).toEqual({
      kind: "refused",
      error: "host not allowed: %3Cb%3E%22%0D%0A",
    });
    const verdict = checkHost(`${"x".repeat(10_000)}!`, loopback, undefined);
    expect(verdict.kind === "refused" && verdict.error.length).toBeLessThan(200);
  });
});

describe("corsHeaders", () => {
  const from = (origin: string | undefined, more: object = {}) => ({ origin, method: "POST", ...more });

  test.each([
    ["http://localhost:5173", undefined],
    ["https://localhost", undefined],
    ["http://127.0.0.1:3000", undefined],
    ["http://127.1.2.3", undefined],
    ["http://[::1]:8080", undefined],
    ["http://shop.localhost:1", undefined],
    ["https://shop.example", ["https://shop.example"]],
    ["https://shop.example", ["https://Shop.Example/"]],
    ["https://shop.example", "*"],
    ["https://shop.example", ["*"]],
    ["null", ["null"]],
    ["null", "*"],
    ["chrome-extension://abc", ["chrome-extension://abc"]],
  ] as const)("allows origin %s when %j is allowed", (origin, allowed) => {
    expect(corsHeaders(from(origin), allowed)).toEqual({
      kind: "actual",
      headers: {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": cors.exposedHeaders.join(", "),
        Vary: "Origin",
      },
    });
  });

  test.each([
    ["null", undefined],
    ["", undefined],
    ["https://shop.example", undefined],
    ["https://localhost.evil.example", undefined],
    ["http://127.0.0.1.evil.example", undefined],
    ["http://localhost:80", undefined],
    ["http://localhost/", undefined],
    ["http://user@localhost", undefined],
    ["http://localhost, http://localhost", undefined],
    ["ftp://localhost", undefined],
    ["file://localhost", undefined],
    ["http://[::2]", undefined],
    ["http://localhost:5173", []],
    ["http://localhost:5173", ["http://localhost:5174"]],
    ["http://shop.example", ["https://shop.example"]],
    ["https://a.shop.example", ["https://shop.example"]],
    ["null", ["https://shop.example", "file:///", "data:,"]],
  ] as const)("refuses origin %j when %j is allowed, with and without a preflight", (origin, allowed) => {
    expect(corsHeaders(from(origin), allowed)).toEqual({ kind: "refused" });
    const preflight = from(origin, { method: "OPTIONS", requestMethod: "POST" });
    expect(corsHeaders(preflight, allowed)).toEqual({ kind: "refused" });
  });

  test.each([
    [undefined, "localhost:4000"],
    ["http://localhost:4000", "localhost:4000"],
    ["http://emulator.lan", "Emulator.lan:80"],
    ["https://emulator.lan", "emulator.lan"],
  ])("returns not-cors for origin %j at host %j", (origin, host) => {
    expect(corsHeaders(from(origin, { host }), [])).toEqual({ kind: "not-cors" });
  });

  test("answers a preflight with Connect's lists and the requested headers", () => {
    const verdict = corsHeaders(
      from("http://localhost:5173", {
        method: "OPTIONS",
        requestMethod: "POST",
        requestHeaders: "content-type, x-shop-id,bad name, <b>",
      }),
      undefined,
    );
    if (verdict.kind !== "preflight") throw new Error(verdict.kind);
    const { "Access-Control-Allow-Headers": allowHeaders, ...headers } = verdict.headers;
    expect(headers).toEqual({
      "Access-Control-Allow-Origin": "http://localhost:5173",
      "Access-Control-Allow-Methods": "POST, GET, OPTIONS",
      "Access-Control-Max-Age": "7200",
      Vary: "Origin",
    });
    const names = (allowHeaders ?? "").toLowerCase().split(", ");
    expect(names).toEqual(expect.arrayContaining(cors.allowedHeaders.map((name) => name.toLowerCase())));
    expect(names).toEqual(expect.arrayContaining(["authorization", "code-signature", "x-shop-id"]));
    expect(names).not.toContain("bad name");
    expect(new Set(names).size).toBe(names.length);
    expect(allowHeaders).not.toContain("<");
  });

  test("treats OPTIONS without a requested method as an actual request", () => {
    expect(corsHeaders(from("http://localhost", { method: "OPTIONS" }), undefined).kind).toBe("actual");
  });
});

describe("guardRequest", () => {
  const cleanups: (() => unknown)[] = [];
  const path = "/code.micropayment.v1.MicroPayment/GetStatus";
  const page = "http://localhost:5173";

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function serve(options: Omit<GuardOptions, "bound"> = {}): Promise<PortServer> {
    const bound = { host: "127.0.0.1", port: 0 };
    const routes = connectNodeAdapter({
      routes: (router) => router.service(MicroPayment, { getStatus: () => ({ exists: true }) }),
      fallback: (_req, res) => {
        const out = res as http.ServerResponse;
        out.writeHead(200, { "Content-Type": "application/json" });
        out.end("{}");
      },
    });
    const server = await startPortServer({
      ...bound,
      handler: (req, res) => {
        if (guardRequest(req, res, { ...options, bound })) routes(req, res);
      },
      onUpgrade: (req, socket) => {
        const verdict = judgeRequest(req, { ...options, bound });
        if (verdict.kind === "refused") sendErrorOnSocket(socket, verdict.status, verdict.error);
        else
          socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
      },
    });
    cleanups.push(() => server.close({ graceMs: 0 }));
    return server;
  }

  interface Call {
    method: string;
    path: string;
    host?: string;
    headers?: Record<string, string>;
    body?: string;
  }

  interface Answer {
    status: number;
    headers: Record<string, unknown>;
    text: string;
  }

  function call1({ port }: PortServer, call: Call): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = { ...call.headers, host: call.host ?? `127.0.0.1:${port}` };
      const { method, path } = call;
      const request = http.request({ host: "127.0.0.1", port, method, path, headers, agent: false });
      const done = (response: http.IncomingMessage) => {
        let text = "";
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      };
      request.on("error", reject);
      request.on("response", done);
      request.on("upgrade", (response, socket) => {
        socket.destroy();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: "" });
      });
      request.end(call.body);
    });
  }

  function call2({ port }: PortServer, call: Call): Promise<Answer> {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    cleanups.push(() => session.destroy());
    return new Promise((resolve, reject) => {
      const authority = call.host ?? `127.0.0.1:${port}`;
      const pseudo = { ":method": call.method, ":path": call.path, ":authority": authority };
      const stream = session.request({ ...call.headers, ...pseudo });
      let head: Record<string, unknown> = {};
      let text = "";
      stream.on("error", reject);
      stream.on("response", (headers) => {
        head = { ...headers };
      });
      stream.on("data", (chunk) => {
        text += chunk;
      });
      stream.on("close", () => resolve({ status: Number(head[":status"]), headers: head, text }));
      stream.end(call.body);
    });
  }

  const json = { "content-type": "application/json" };

  describe.each([
    ["HTTP/1.1", call1],
    ["HTTP/2", call2],
  ])("over %s", (_protocol, call) => {
    test.each([
      ["Connect", "application/json", path, "{}", '{"exists":true}'],
      ["gRPC-Web", "application/grpc-web+proto", path, "\0\0\0\0\0", "grpc-status: 0"],
      ["another route", "application/json", "/v1/other", "", "{}"],
    ])("adds CORS headers to %s", async (_title, type, path, body, text) => {
      const headers = { "content-type": type, origin: page };
      const answer = await call(await serve(), { method: "POST", path, headers, body });
      expect(answer.status).toBe(200);
      expect(answer.headers).toMatchObject({
        "access-control-allow-origin": page,
        "access-control-expose-headers": cors.exposedHeaders.join(", "),
        "content-type": type,
        vary: "Origin",
      });
      expect(answer.headers).not.toHaveProperty("access-control-allow-credentials");
      expect(answer.text).toContain(text);
    });

    test("adds only Vary without an Origin", async () => {
      const answer = await call(await serve(), { method: "POST", path, headers: json, body: "{}" });
      expect(answer).toMatchObject({ status: 200, headers: { vary: "Origin" }, text: '{"exists":true}' });
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    });

    test("answers a preflight itself", async () => {
      const headers = { origin: page, "access-control-request-method": "POST" };
      const answer = await call(await serve(), { method: "OPTIONS", path, headers });
      expect(answer).toMatchObject({ status: 204, headers: { "access-control-max-age": "7200" }, text: "" });
    });

    test.each([["OPTIONS"], ["POST"]])(
      "sends 403 without CORS headers to %s from another origin",
      async (method) => {
        const headers = { ...json, origin: "https://evil.example", "access-control-request-method": "POST" };
        const body = method === "POST" ? "{}" : "";
        const answer = await call(await serve(), { method, path, headers, body });
        expect(answer).toMatchObject({ status: 403, headers: { vary: "Origin" } });
        expect(JSON.parse(answer.text)).toEqual({
          error: "origin not allowed: https://evil.example",
          success: false,
        });
        expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
      },
    );

    test.each(["localhost:65536", "127.0.0.1:99999", "xn--a.localhost"])(
      "sends 400 for the impossible host %s",
      async (host) => {
        const server = await serve({});
        const refused = await call(server, { method: "POST", path, host, headers: json, body: "{}" });
        expect(refused.status).toBe(400);
        expect(JSON.parse(refused.text)).toEqual({ error: `not a valid host: ${host}`, success: false });
      },
    );

    test("sends 421 for a foreign host with any origin", async () => {
      const server = await serve({ allowedHosts: ["emulator"] });
      const refused = await call(server, {
        method: "POST",
        path,
        host: "evil.example",
        headers: { ...json, origin: "http://evil.example" },
        body: "{}",
      });
      expect(refused.status).toBe(421);
      expect(JSON.parse(refused.text)).toEqual({ error: "host not allowed: evil.example", success: false });
      const allowed = await call(server, { method: "GET", path: "/", host: "emulator:1" });
      expect(allowed.status).toBe(200);
    });

    test("allows the server's own pages even if no loopback origin is allowed", async () => {
      const server = await serve({ allowedOrigins: ["https://shop.example"], allowedHosts: ["emulator"] });
      const own = { method: "GET", path: "/", host: "emulator:1", headers: { origin: "http://emulator:1" } };
      expect((await call(server, own)).status).toBe(200);
      const other = { method: "GET", path: "/", headers: { origin: page } };
      expect((await call(server, other)).status).toBe(403);
    });
  });

  test.each([
    [page, undefined, 101],
    ["https://evil.example", undefined, 403],
    [page, "evil.example", 421],
  ])("judges a WebSocket handshake of origin %s for host %s: %i", async (origin, host, status) => {
    const headers = { origin, connection: "Upgrade", upgrade: "websocket" };
    const call = { method: "GET", path: "/", headers, ...(host === undefined ? {} : { host }) };
    expect((await call1(await serve(), call)).status).toBe(status);
  });
});
