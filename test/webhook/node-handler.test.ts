import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { memoryOnceStore, type NodeWebhookRequest, nodeWebhookHandler } from "../../src/webhook/index.js";
import { gate, intent, loginToken, otherSeed, paidToken, publicKey } from "./support.js";

type Handler = ReturnType<typeof nodeWebhookHandler>;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(handler: (req: IncomingMessage, res: ServerResponse) => unknown): Promise<string> {
  const server = createServer((req, res) => void handler(req, res));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/code`;
}

function shop(changes: object = {}) {
  const fulfilled: unknown[] = [];
  const lines: string[] = [];
  const handler: Handler = nodeWebhookHandler({
    publicKey,
    expect: async () => intent,
    store: memoryOnceStore(),
    fulfil: (claims) => fulfilled.push(claims),
    logger: { warn: (line) => lines.push(line) },
    ...changes,
  });
  return { handler, fulfilled, lines };
}

function post(url: string, body: string = paidToken(), type = "application/jwt"): Promise<Response> {
  return fetch(url, { method: "POST", headers: { "content-type": type }, body });
}

async function answer(response: Promise<Response>): Promise<[number, string]> {
  const { status, ...rest } = await response.then(async (r) => ({ status: r.status, body: await r.text() }));
  return [status, rest.body];
}

describe("nodeWebhookHandler over node:http", () => {
  it("fulfils once and responds with 200", async () => {
    const { handler, fulfilled } = shop();
    const url = await listen(handler);
    expect(await answer(post(url))).toEqual([200, "ok"]);
    expect(await answer(post(url))).toEqual([200, "ok"]);
    expect(fulfilled).toHaveLength(1);
  });

  it.each<[number, string, string, string]>([
    [400, "malformed", "no token", "application/jwt"],
    [400, "for another amount", paidToken({ amount: 1 }), "application/jwt"],
    [400, "login-only", loginToken, "application/jwt"],
    [401, "of another key", paidToken({}, otherSeed), "application/jwt"],
    [413, "large", "a".repeat(100_000), "application/jwt"],
    [415, "of another type", paidToken(), "application/json"],
  ])("responds with %s to a webhook that is %s", async (status, _, body, type) => {
    const { handler, fulfilled } = shop();
    expect(await answer(post(await listen(handler), body, type))).toEqual([status, "refused"]);
    expect(fulfilled).toEqual([]);
  });

  it("responds with 405 to a GET", async () => {
    const response = await fetch(await listen(shop().handler));
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
  });

  it("responds with 409 to a concurrent delivery", async () => {
    const open = gate();
    const begun = gate();
    const { handler } = shop({
      fulfil: () => {
        begun.open();
        return open.opened;
      },
    });
    const url = await listen(handler);
    const first = post(url);
    await begun.opened;
    expect(await answer(post(url))).toEqual([409, "busy"]);
    open.open();
    expect((await first).status).toBe(200);
  });

  it("fulfils once for many concurrent deliveries", async () => {
    const { handler, fulfilled } = shop();
    const url = await listen(handler);
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await post(url)).status));
    expect(fulfilled).toHaveLength(1);
    expect(new Set(statuses)).toContain(200);
    expect(statuses.every((status) => status === 200 || status === 409)).toBe(true);
  });

  it("responds with 500 if fulfil fails, and accepts the retry", async () => {
    let times = 0;
    const { handler } = shop({
      fulfil: () => {
        if (++times === 1) throw new Error("no stock");
      },
    });
    const url = await listen(handler);
    expect(await answer(post(url))).toEqual([500, "failed"]);
    expect(await answer(post(url))).toEqual([200, "ok"]);
  });

  it("responds with 408 to a sender that stalls, and closes the connection", async () => {
    const url = new URL(await listen(shop({ timeoutMs: 100 }).handler));
    const socket = connect(Number(url.port), url.hostname);
    socket.write(
      "POST /webhooks/code HTTP/1.1\r\nhost: x\r\ncontent-type: application/jwt\r\ncontent-length: 500\r\n\r\neyJ",
    );
    let received = "";
    socket.on("data", (chunk) => {
      received += chunk;
    });
    await new Promise((resolve) => socket.on("close", resolve));
    expect(received).toMatch(/^HTTP\/1\.1 408 /);
    expect(received.toLowerCase()).toContain("connection: close");
  });

  it("responds with 413 to a sender that never ends, and closes the connection", async () => {
    const url = await listen(shop().handler);
    const request = httpRequest(url, { method: "POST", headers: { "content-type": "application/jwt" } });
    request.on("error", () => {}); // the connection closes during the write
    const closed = new Promise((resolve) => request.on("close", resolve));
    const answered = new Promise<number | undefined>((resolve) =>
      request.on("response", (response) => {
        response.on("error", () => {}).resume();
        resolve(response.statusCode);
      }),
    );
    const endless = new Readable({
      read() {
        this.push(new Uint8Array(1000));
      },
    });
    endless.pipe(request);
    expect(await answered).toBe(413);
    await closed;
    endless.destroy();
  });

  it("survives a sender that disconnects", async () => {
    const { handler, lines } = shop();
    const handled = gate();
    const url = new URL(
      await listen(async (req, res) => {
        await handler(req, res);
        handled.open();
      }),
    );
    const socket = connect(Number(url.port), url.hostname);
    socket.write(
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/jwt\r\ncontent-length: 500\r\n\r\neyJ",
    );
    setTimeout(() => socket.destroy(), 50);
    await handled.opened;
    expect(lines[0]).toContain("webhook_malformed");
  });
});

/** Imitates Express: sets `originalUrl` and `body` as its parsers leave them. */
describe("nodeWebhookHandler after Express body parsers", () => {
  type Parsed = Omit<IncomingMessage, "rawBody"> & {
    body?: unknown;
    rawBody?: unknown;
    originalUrl?: string;
  };

  async function behind(parser: (req: Parsed) => Promise<void> | void, changes: object = {}) {
    const { handler, fulfilled, lines } = shop(changes);
    const url = await listen(async (req, res) => {
      await parser(req);
      await handler(req as NodeWebhookRequest, res);
    });
    return { url, fulfilled, lines };
  }

  async function consume(req: AsyncIterable<unknown>): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  }

  it.each<[string, (req: Parsed) => Promise<void> | void]>([
    ["no parser", () => {}],
    [
      "express.json() of Express 4, which skips the body and leaves {}",
      (req) => {
        req.body = {};
      },
    ],
    [
      "express.json() of Express 5, which skips the body and leaves undefined",
      (req) => {
        req.body = undefined;
      },
    ],
    [
      'express.text({ type: "application/jwt" })',
      async (req) => {
        req.body = (await consume(req)).toString();
      },
    ],
    [
      'express.raw({ type: "application/jwt" })',
      async (req) => {
        req.body = await consume(req);
      },
    ],
    [
      "a host that keeps rawBody",
      async (req) => {
        req.rawBody = await consume(req);
        req.body = { parsed: true };
      },
    ],
    ["setEncoding", (req) => void req.setEncoding("utf8")],
  ])("fulfils after %s", async (_, parser) => {
    const { url, fulfilled } = await behind(parser);
    expect(await answer(post(url))).toEqual([200, "ok"]);
    expect(fulfilled).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ["an object", { parsed: true }],
    ["an empty object", {}],
    ["null", null],
    ["nothing", undefined],
  ])("logs how to mount the route after a parser that consumed the body and left %s", async (_, body) => {
    const errors: unknown[] = [];
    const { url, fulfilled, lines } = await behind(
      async (req) => {
        await consume(req);
        req.body = body;
      },
      { onError: (error: unknown) => errors.push(error) },
    );
    expect(await answer(post(url))).toEqual([500, "failed"]);
    expect(fulfilled).toEqual([]);
    expect(errors).toMatchObject([{ code: "webhook_body_unavailable" }]);
    expect(lines[0]).toContain("before express.json()");
    expect(lines[0]).toContain('express.raw({ type: "application/jwt" })');
  });

  it("applies maxBytes to a body from a parser", async () => {
    const { url } = await behind(
      async (req) => {
        req.body = await consume(req);
      },
      { maxBytes: 100 },
    );
    expect((await post(url)).status).toBe(413);
  });

  it("reads the path token from the URL before a router removes its mount path", async () => {
    const token = "k3yE9vQ_-Zp0aB7cD2fG4hJ6";
    const { url } = await behind(
      (req) => {
        req.originalUrl = req.url ?? "";
        req.url = "/";
      },
      { pathToken: token },
    );
    expect((await post(`${url}/${token}`)).status).toBe(200);
    expect((await post(`${url}/${token}x`)).status).toBe(401);
  });
});

it("accepts requests of node:http2", async () => {
  const http2 = await import("node:http2");
  const { handler, fulfilled } = shop();
  const server = http2.createServer((req, res) => void handler(req, res));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const send = (body: string) =>
    new Promise<unknown>((resolve, reject) => {
      const stream = session.request({ ":method": "POST", ":path": "/", "content-type": "application/jwt" });
      stream.on("response", (headers) => resolve(headers[":status"])).on("error", reject);
      stream.end(body);
    });
  try {
    expect([await send(paidToken()), await send("no token"), await send(paidToken())]).toEqual([
      200, 400, 200,
    ]);
    expect(fulfilled).toHaveLength(1);
  } finally {
    session.destroy();
    server.close();
  }
});
