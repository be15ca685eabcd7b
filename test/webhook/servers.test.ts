import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { bodyParser } from "@koa/bodyparser";
import type { ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2 } from "aws-lambda";
import express from "express";
import Fastify, { type FastifyInstance } from "fastify";
import { Hono } from "hono";
import Koa from "koa";
import { afterEach, describe, expect, it } from "vitest";
import {
  type LambdaWebhookEvent,
  lambdaWebhookHandler,
  memoryOnceStore,
  type NodeWebhookHandler,
  nodeWebhookHandler,
  verifyWebhook,
  webhookHandler,
} from "../../src/webhook/index.js";
import { intent, otherSeed, paidToken, publicKey, webhookRequest } from "./support.js";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function record(changes: object = {}) {
  const fulfilled: unknown[] = [];
  const lines: string[] = [];
  const errors: unknown[] = [];
  const options = {
    publicKey,
    expect: async () => intent,
    store: memoryOnceStore(),
    fulfil: (claims: unknown) => fulfilled.push(claims),
    logger: { warn: (line: string) => lines.push(line) },
    onError: (error: unknown) => errors.push(error),
    ...changes,
  };
  return { options, fulfilled, lines, errors };
}

function shop(changes: object = {}) {
  const { options, ...rest } = record(changes);
  return { handler: nodeWebhookHandler(options), ...rest };
}

async function post(url: string, body = paidToken(), type = "application/jwt"): Promise<[number, string]> {
  const response = await fetch(url, { method: "POST", headers: { "content-type": type }, body });
  return [response.status, await response.text()];
}

/** Listens with a request listener, and returns the URL of the hook. */
async function listen(listener: (req: IncomingMessage, res: ServerResponse) => unknown): Promise<string> {
  const server = createServer((req, res) => void listener(req, res)).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}

async function listenFastify(app: FastifyInstance): Promise<string> {
  closing.push(() => app.close());
  return `${await app.listen({ port: 0, host: "127.0.0.1" })}/hook`;
}

const advice = {
  express: /express\.raw\(\{ type: "application\/jwt" \}\) or express\.text/,
  fastify: /AddContentTypeParser\("application\/jwt", \{ parseAs: "string" \}/i,
  koa: /before the body parser.*bodyParser\(/,
};

describe("nodeWebhookHandler in Fastify", () => {
  type Parser = (app: FastifyInstance) => unknown;
  const parsers: [string, Parser][] = [
    [
      "a parser for strings",
      (app) =>
        app.addContentTypeParser("application/jwt", { parseAs: "string" }, (_, body, done) =>
          done(null, body),
        ),
    ],
    [
      "a parser for buffers",
      (app) =>
        app.addContentTypeParser("application/jwt", { parseAs: "buffer" }, (_, body, done) =>
          done(null, body),
        ),
    ],
    ["a parser that reads nothing", (app) => app.addContentTypeParser("*", (_, __, done) => done(null))],
  ];

  it.each(parsers)("fulfils once and responds with 200 after %s", async (_, parse) => {
    const { handler, fulfilled, lines } = shop();
    const app = Fastify();
    parse(app);
    app.post("/hook", (request, reply) => handler(request, reply));
    const url = await listenFastify(app);
    const deliveries = [await post(url), await post(url)];
    expect(deliveries).toEqual([
      [200, "ok"],
      [200, "ok"],
    ]);
    expect([fulfilled.length, lines]).toEqual([1, []]);
  });

  it.each(parsers)(
    "accepts the pairs (request, reply.raw) and (request.raw, reply.raw) after %s",
    async (name, parse) => {
      const { handler, fulfilled, lines } = shop();
      const app = Fastify();
      parse(app);
      app.post("/hook", async (request, reply) => {
        reply.hijack();
        await handler(request, reply.raw);
      });
      app.post("/raw/hook", async (request, reply) => {
        reply.hijack();
        await handler(request.raw, reply.raw);
      });
      const url = await listenFastify(app);
      expect(await post(url)).toEqual([200, "ok"]);
      expect(fulfilled).toHaveLength(1);
      const raw = await post(url.replace("/hook", "/raw/hook"));
      // A parser that reads leaves the body in Fastify's request only.
      expect(raw).toEqual(name.includes("nothing") ? [200, "ok"] : [500, "failed"]);
      if (raw[0] === 500) {
        expect(lines.at(-1)).toContain("handler(request, reply) in Fastify");
        expect(lines.at(-1)).not.toContain("express");
      }
    },
  );

  it("sends its headers, and lets Fastify's hooks run before the response", async () => {
    const { handler } = shop();
    const app = Fastify();
    app.addContentTypeParser("*", (_, __, done) => done(null));
    app.addHook("onSend", async (_, reply, payload) => {
      await new Promise((resolve) => setImmediate(resolve));
      reply.header("x-hook", "ran");
      return payload;
    });
    app.all("/hook", async (request, reply) => handler(request, reply));
    const url = await listenFastify(app);
    const response = await fetch(url);
    const headers = ["allow", "cache-control", "content-type", "x-hook"].map((name) =>
      response.headers.get(name),
    );
    expect([response.status, await response.text(), ...headers]).toEqual([
      ...[405, "refused", "POST", "no-store", "text/plain; charset=utf-8", "ran"],
    ]);
  });

  it("responds with 413 to a body that is too large, and closes the connection", async () => {
    const { handler } = shop();
    const app = Fastify();
    app.addContentTypeParser("*", (_, __, done) => done(null));
    app.post("/hook", (request, reply) => handler(request, reply));
    const url = await listenFastify(app);
    const body = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1_000)) });
    const init = { method: "POST", headers: { "content-type": "application/jwt" }, body, duplex: "half" };
    const status = await fetch(url, init as RequestInit).then((response) => response.status);
    expect(status).toBe(413);
  });

  it("reads the path token from the URL", async () => {
    const token = "k3yE9vQ_-Zp0aB7cD2fG4hJ6";
    const { handler } = shop({ pathToken: token });
    const app = Fastify();
    app.addContentTypeParser("*", (_, __, done) => done(null));
    app.post("/hook/:token", (request, reply) => handler(request, reply));
    const url = await listenFastify(app);
    expect(await post(`${url}/${token}`)).toEqual([200, "ok"]);
    expect(await post(`${url}/${token}x`)).toEqual([401, "refused"]);
  });

  it.each<[string, (body: string) => unknown, string]>([
    [
      "JSON.parse",
      (body) => JSON.parse(Buffer.from(body.split(".")[1] ?? "", "base64url").toString()),
      "the claims of a token",
    ],
    [
      "a Buffer through JSON",
      (body) => JSON.parse(JSON.stringify(Buffer.from(body))),
      "the JSON of a Buffer",
    ],
    ["an object", () => ({ parsed: true }), "a JSON object, not a token"],
    ["nothing", () => undefined, "Other code has read it"],
  ])(
    "reports a parser that leaves the result of %s, and names Fastify's own way",
    async (_, convert, problem) => {
      const { handler, fulfilled, lines, errors } = shop();
      const app = Fastify();
      app.addContentTypeParser("application/jwt", { parseAs: "string" }, (_request, body, done) =>
        done(null, convert(body as string)),
      );
      app.post("/hook", (request, reply) => handler(request, reply));
      expect(await post(await listenFastify(app))).toEqual([500, "failed"]);
      expect(fulfilled).toEqual([]);
      expect(errors).toMatchObject([{ code: "webhook_body_unavailable" }]);
      expect(lines[0]).toContain(problem);
      expect(lines[0]).toMatch(advice.fastify);
      expect(lines[0]).not.toContain("express");
    },
  );
});

describe("nodeWebhookHandler in Koa", () => {
  const serve = (...middleware: Koa.Middleware[]): Promise<string> => {
    const app = new Koa();
    app.silent = true;
    for (const one of middleware) app.use(one);
    return listen(app.callback());
  };

  it.each<[string, (handler: NodeWebhookHandler) => Koa.Middleware]>([
    ["as a middleware", (handler) => handler],
    ["with ctx", (handler) => (ctx) => handler(ctx)],
    ["with ctx.req and ctx.res", (handler) => (ctx) => handler(ctx.req, ctx.res)],
    [
      "without Koa's own response",
      (handler) => (ctx) => {
        ctx.respond = false;
        return handler(ctx);
      },
    ],
  ])("fulfils once and responds with 200, called %s", async (_, middleware) => {
    const { handler, fulfilled, lines } = shop();
    const url = await serve(middleware(handler));
    expect([await post(url), await post(url)]).toEqual([
      [200, "ok"],
      [200, "ok"],
    ]);
    expect(await post(url, paidToken({}, otherSeed))).toEqual([401, "refused"]);
    expect([fulfilled.length, lines.length]).toEqual([1, 1]);
  });

  it("responds with 405 and its headers to a GET", async () => {
    const response = await fetch(await serve(shop().handler));
    const headers = ["allow", "cache-control", "content-type"].map((name) => response.headers.get(name));
    expect([response.status, ...headers]).toEqual([405, "POST", "no-store", "text/plain; charset=utf-8"]);
  });

  it("uses the text of a body parser", async () => {
    const { handler, fulfilled } = shop();
    const url = await serve(
      bodyParser({ enableTypes: ["json", "text"], extendTypes: { text: ["application/jwt"] } }),
      handler,
    );
    expect(await post(url)).toEqual([200, "ok"]);
    expect(fulfilled).toHaveLength(1);
  });

  it("reports a parser that left an object, and names Koa's own way", async () => {
    const { handler, fulfilled, lines } = shop();
    const url = await serve(async (ctx, next) => {
      for await (const _ of ctx.req);
      (ctx.request as { body?: unknown }).body = { parsed: true };
      await next();
    }, handler);
    expect(await post(url)).toEqual([500, "failed"]);
    expect(fulfilled).toEqual([]);
    expect(lines[0]).toContain("a JSON object, not a token");
    expect(lines[0]).toMatch(advice.koa);
    expect(lines[0]).not.toContain("express");
  });
});

describe("nodeWebhookHandler in Express", () => {
  it.each<[string, express.RequestHandler[]]>([
    ["no parser", []],
    ["express.json()", [express.json()]],
    ["express.text()", [express.text({ type: "application/jwt" })]],
    ["express.raw()", [express.raw({ type: "application/jwt" })]],
  ])("fulfils once after %s", async (_, parsers) => {
    const { handler, fulfilled } = shop();
    const url = await listen(express().post("/hook", ...parsers, handler));
    expect([await post(url), await post(url)]).toEqual([
      [200, "ok"],
      [200, "ok"],
    ]);
    expect(fulfilled).toHaveLength(1);
  });

  it("reports a Buffer that became JSON, and names Express's own way", async () => {
    const { handler, fulfilled, lines } = shop();
    const url = await listen(
      express().post(
        "/hook",
        express.raw({ type: "*/*" }),
        (req, _, next) => {
          req.body = JSON.parse(JSON.stringify(req.body));
          next();
        },
        handler,
      ),
    );
    expect(await post(url)).toEqual([500, "failed"]);
    expect(fulfilled).toEqual([]);
    expect(lines[0]).toContain("the JSON of a Buffer");
    expect(lines[0]).toMatch(advice.express);
    expect(lines[0]).toContain("rawBody: true");
  });
});

describe("nodeWebhookHandler with a reply that it cannot send", () => {
  const request = async (act: (req: IncomingMessage, res: ServerResponse) => Promise<unknown>) => {
    let result: unknown;
    const url = await listen(async (req, res) => {
      result = await act(req, res).catch((error: unknown) => error);
      if (!res.headersSent) res.end();
    });
    await post(url);
    return result;
  };

  it.each<[string, (req: IncomingMessage, res: ServerResponse) => unknown[], string, string]>([
    ["no response", (req) => [req], "res", "is undefined"],
    ["null", (req) => [req, null], "res", "is null"],
    ["a callback", (req) => [req, () => undefined], "res", "is a function"],
    [
      "hapi's toolkit",
      (req) => [req, { response: () => undefined, continue: Symbol("continue") }],
      "res",
      "is not a response",
    ],
    ["the request twice", (req) => [req, req], "res", "is not a response"],
    ["swapped arguments", (req, res) => [res, req], "req", "is not a request"],
    ["a Fetch request", () => [webhookRequest()], "req", "webhookHandler"],
    ["Hono's context", (_, res) => [{ req: { raw: webhookRequest() } }, res], "req", "c.req.raw"],
    [
      "a Lambda event",
      () => [{ body: "x", isBase64Encoded: false, headers: {} }, {}],
      "req",
      "lambdaWebhookHandler",
    ],
    ["a text", (_, res) => [paidToken(), res], "req", "is a string"],
  ])("rejects %s before it reads or fulfils", async (_, argumentsOf, field, text) => {
    const { handler, fulfilled, lines } = shop();
    const error = await request((req, res) =>
      (handler as (...all: unknown[]) => Promise<unknown>)(...argumentsOf(req, res)),
    );
    expect(error).toMatchObject({ code: "invalid_option", field });
    expect((error as Error).message).toContain(text);
    expect((error as Error).message).toContain("handler(request, reply) in Fastify");
    expect([fulfilled, lines]).toEqual([[], []]);
  });

  it("rejects a response that was already sent, or a hijacked reply, before it fulfils", async () => {
    const { handler, fulfilled } = shop();
    const error = await request((req, res) => {
      res.end("first");
      return handler(req, res);
    });
    expect(error).toMatchObject({ code: "invalid_option", field: "res" });
    const app = Fastify();
    app.addContentTypeParser("*", (_, __, done) => done(null));
    const caught: unknown[] = [];
    app.post("/hook", async (incoming, reply) => {
      reply.hijack();
      await handler(incoming, reply).catch((reason: unknown) => caught.push(reason));
      reply.raw.end();
    });
    await post(await listenFastify(app));
    expect(caught).toMatchObject([{ code: "invalid_option", field: "res" }]);
    expect((caught[0] as Error).message).toContain("reply.raw");
    expect(fulfilled).toEqual([]);
  });

  it("rejects Koa's request and response, and says to pass ctx", async () => {
    const { handler, fulfilled } = shop();
    const caught: unknown[] = [];
    const app = new Koa();
    app.use(async (ctx) => {
      await handler(ctx.request as never, ctx.response as never).catch((error: unknown) =>
        caught.push(error),
      );
      ctx.body = "";
    });
    await post(await listen(app.callback()));
    expect((caught[0] as Error).message).toContain("Pass its ctx");
    expect(fulfilled).toEqual([]);
  });

  it("logs and does not reject if another response was sent while the order was fulfilled", async () => {
    let res: ServerResponse | undefined;
    const { handler, lines, errors } = shop({ fulfil: () => res?.writeHead(503).end("timeout") });
    const url = await listen((req, response) => {
      res = response;
      return handler(req, response);
    });
    expect(await post(url)).toEqual([503, "timeout"]);
    await expect.poll(() => lines.length).toBe(1);
    expect(lines[0]).toContain("failed to send the response 200");
    expect(errors).toHaveLength(1);
  });
});

describe("webhookHandler in Hono", () => {
  it.each(["context", "request"])("fulfils once, called with the %s", async (kind) => {
    const { options, fulfilled } = record();
    const handler = webhookHandler(options);
    const app = new Hono();
    if (kind === "context") app.post("/hook", handler);
    else app.post("/hook", (c) => handler(c.req.raw));
    const deliver = async () =>
      (await app.request(webhookRequest(paidToken(), { url: "http://x/hook" }))).status;
    expect([await deliver(), await deliver()]).toEqual([200, 200]);
    expect(fulfilled).toHaveLength(1);
  });

  it("reports a body that the app has read, and names Hono's own way", async () => {
    const { options, fulfilled, lines } = record();
    const handler = webhookHandler(options);
    const app = new Hono();
    app.post("/hook", async (c) => {
      await c.req.text();
      return handler(c);
    });
    expect((await app.request(webhookRequest(paidToken(), { url: "http://x/hook" }))).status).toBe(500);
    expect(fulfilled).toEqual([]);
    expect(lines[0]).toContain("c.req.raw");
  });

  it.each<[string, unknown, string]>([
    ["nothing", undefined, "is undefined"],
    ["a text", paidToken(), "is a string"],
    ["a request of Node", Object.assign((async function* () {})(), { headers: {} }), "nodeWebhookHandler"],
    ["SvelteKit's event", { request: webhookRequest() }, "Pass its request"],
    ["Koa's ctx", { req: {}, request: {} }, "handler(ctx)"],
    ["a Lambda event", { isBase64Encoded: true, headers: {} }, "lambdaWebhookHandler"],
  ])("rejects %s before it fulfils", async (_, input, text) => {
    const { options, fulfilled } = record();
    const error = await webhookHandler(options)(input as never).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "invalid_option", field: "request" });
    expect((error as Error).message).toContain(text);
    expect(fulfilled).toEqual([]);
  });
});

describe("lambdaWebhookHandler", () => {
  const base64 = Buffer.from(paidToken()).toString("base64");
  const jwt = { "content-type": "application/jwt" };
  const httpApi = (changes: object = {}): LambdaWebhookEvent =>
    ({
      version: "2.0",
      rawPath: "/hook",
      headers: jwt,
      requestContext: { http: { method: "POST", path: "/hook" } },
      body: base64,
      isBase64Encoded: true,
      ...changes,
    }) as unknown as APIGatewayProxyEventV2;
  const restApi = (changes: object = {}): LambdaWebhookEvent =>
    ({
      httpMethod: "POST",
      path: "/hook",
      headers: { "Content-Type": "application/jwt" },
      multiValueHeaders: { "Content-Type": ["application/jwt"] },
      requestContext: { stage: "prod" },
      body: base64,
      isBase64Encoded: true,
      ...changes,
    }) as unknown as APIGatewayProxyEvent;
  const loadBalancer = (changes: object = {}): LambdaWebhookEvent =>
    ({
      httpMethod: "POST",
      path: "/hook",
      multiValueHeaders: { "content-type": ["application/jwt"] },
      requestContext: { elb: { targetGroupArn: "arn" } },
      body: base64,
      isBase64Encoded: true,
      ...changes,
    }) as ALBEvent;
  const plain = { body: paidToken(), isBase64Encoded: false };

  it.each<[string, LambdaWebhookEvent]>([
    ["an HTTP API or a function URL", httpApi()],
    ["an HTTP API with a text body", httpApi(plain)],
    ["a REST API", restApi()],
    [
      "a REST API with a text body and no multi-value headers",
      restApi({ ...plain, multiValueHeaders: null }),
    ],
    ["a load balancer with multi-value headers", loadBalancer()],
    [
      "a load balancer with a text body",
      loadBalancer({ ...plain, headers: jwt, multiValueHeaders: undefined }),
    ],
  ])("fulfils once for events of %s", async (_, event) => {
    const { options, fulfilled, lines } = record();
    const handler = lambdaWebhookHandler(options);
    const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
    const answer = { statusCode: 200, headers, body: "ok", isBase64Encoded: false };
    expect(await handler(event)).toMatchObject(answer);
    expect(await handler(event)).toMatchObject(answer);
    expect([fulfilled.length, lines]).toEqual([1, []]);
  });

  it("sends multi-value headers if the event has no others", async () => {
    const handler = lambdaWebhookHandler(record().options);
    expect((await handler(loadBalancer())).multiValueHeaders).toEqual({
      "content-type": ["text/plain; charset=utf-8"],
      "cache-control": ["no-store"],
    });
    expect(await handler(restApi())).not.toHaveProperty("multiValueHeaders");
  });

  it.each<[number, string, LambdaWebhookEvent]>([
    [400, "no body", httpApi({ body: undefined, isBase64Encoded: false })],
    [400, "an empty body", restApi({ body: "", isBase64Encoded: false })],
    [401, "a forged token", httpApi({ body: Buffer.from(paidToken({}, otherSeed)).toString("base64") })],
    [405, "a GET", restApi({ httpMethod: "GET" })],
    [413, "a large body", httpApi({ body: Buffer.alloc(20_000, "a").toString("base64") })],
    [415, "another type", httpApi({ headers: { "content-type": "application/json" } })],
  ])("responds with %s to %s", async (statusCode, _, event) => {
    const { options, fulfilled } = record();
    expect(await lambdaWebhookHandler(options)(event)).toMatchObject({ statusCode, body: "refused" });
    expect(fulfilled).toEqual([]);
  });

  it("checks the path token", async () => {
    const token = "k3yE9vQ_-Zp0aB7cD2fG4hJ6";
    const handler = lambdaWebhookHandler(record({ pathToken: token }).options);
    expect((await handler(httpApi({ rawPath: `/hook/${token}` }))).statusCode).toBe(200);
    expect((await handler(restApi({ path: `/hook/${token}` }))).statusCode).toBe(200);
    expect((await handler(httpApi({ rawPath: `/hook/${token}x` }))).statusCode).toBe(401);
  });

  it.each<[number, string, object, string]>([
    [400, "base64 without its flag", { body: base64, isBase64Encoded: false }, "the base64 of a token"],
    [500, "a token with the flag of base64", { body: paidToken() }, "a middleware has decoded the body"],
    [500, "an object of a JSON middleware", { body: { parsed: true } }, "a JSON object"],
    [500, "a Buffer of a middleware that became JSON", { body: Buffer.from("x").toJSON() }, "JSON object"],
  ])("responds with %s to %s, and the log names isBase64Encoded", async (statusCode, _, changes, text) => {
    const { options, fulfilled, lines } = record();
    expect((await lambdaWebhookHandler(options)(httpApi(changes))).statusCode).toBe(statusCode);
    expect(fulfilled).toEqual([]);
    expect(lines[0]).toContain(text);
    expect(lines[0]).toContain("isBase64Encoded");
  });

  it.each<[string, unknown]>([
    ["nothing", undefined],
    ["a queue's event", { Records: [{ body: base64 }] }],
    ["a request", webhookRequest()],
    ["an event without headers", { httpMethod: "POST", body: base64, isBase64Encoded: true }],
  ])("rejects %s before it fulfils", async (_, event) => {
    const { options, fulfilled } = record();
    await expect(lambdaWebhookHandler(options)(event as never)).rejects.toMatchObject({
      code: "invalid_option",
      field: "event",
    });
    expect(fulfilled).toEqual([]);
  });
});

describe("a token that was converted", () => {
  const token = paidToken();
  const bytes = Buffer.from(token);
  const verify = (input: unknown) =>
    verifyWebhook(input as string, { publicKey, expect: intent }).then(
      () => expect.unreachable(),
      (error: unknown) => error as Error & { code: string; field?: string },
    );

  it.each<[string, string, string]>([
    ["quoted", JSON.stringify(token), "JSON string (in quotes) of a token"],
    ["in single quotes", `'${token}'`, "(in quotes) of a token"],
    [
      "quoted twice",
      JSON.stringify(JSON.stringify(token)),
      "(in quotes) of the JSON string (in quotes) of a token",
    ],
    ["base64", bytes.toString("base64"), "the base64 of a token"],
    ["base64url", bytes.toString("base64url"), "the base64 of a token"],
    ["base64 in lines", bytes.toString("base64").replace(/.{76}/g, "$&\r\n"), "the base64 of a token"],
    [
      "quoted base64",
      JSON.stringify(bytes.toString("base64")),
      "the JSON string (in quotes) of the base64 of a token",
    ],
    [
      "base64 of the quoted token",
      Buffer.from(JSON.stringify(token)).toString("base64"),
      "the base64 of the JSON string",
    ],
    ["hex", bytes.toString("hex"), "the hex of a token"],
    ["uppercase hex", bytes.toString("hex").toUpperCase(), "the hex of a token"],
    ["PostgreSQL's hex", `\\x${bytes.toString("hex")}`, "the hex of a token"],
    ["the JSON of a Buffer", JSON.stringify(bytes), "the JSON of a Buffer"],
    ["the JSON of a Uint8Array", JSON.stringify(new Uint8Array(bytes)), "the JSON of bytes"],
    ["the JSON of an array", JSON.stringify([...bytes]), "the JSON of bytes"],
    ["String(bytes)", String(new Uint8Array(bytes)), "the numbers (String(bytes)) of a token"],
    ["UTF-16", Buffer.from(token, "utf16le").toString("utf8"), "the UTF-16 of a token"],
    ["followed by a line break", `${token}\n`, "spaces or line breaks around"],
    ["behind a byte order mark", `\uFEFF${token}`, "spaces or line breaks around"],
    ["a Bearer token", `Bearer ${token}`, "the prefixed text"],
    ["a form field", `token=${token}`, "the prefixed text"],
    ["in a JSON object", JSON.stringify({ token }), "an object that contains the token"],
    ["String(object)", "[object Object]", "the text of an object"],
  ])("is rejected and reported: %s", async (_, body, text) => {
    for (const input of [body, new TextEncoder().encode(body)]) {
      // A decoder drops the byte order mark of the bytes.
      const error = await verify(input);
      expect(error).toMatchObject({ name: "WebhookError", code: "webhook_malformed" });
      expect(error.message).toContain(text);
      for (const part of token.split(".")) expect(error.message).not.toContain(part);
      expect(error.message).not.toContain(body);
    }
    const { options, fulfilled, lines } = record();
    expect((await webhookHandler(options)(webhookRequest(body))).status).toBe(400);
    expect(fulfilled).toEqual([]);
    expect(lines[0]).toContain(text);
  });

  it("names isBase64Encoded for base64", async () => {
    expect((await verify(bytes.toString("base64"))).message).toContain("isBase64Encoded");
  });

  it.each<[string, unknown, string]>([
    ["a Buffer through JSON", JSON.parse(JSON.stringify(bytes)), 'a Buffer ({"type":"Buffer","data":[…]})'],
    ["a Uint8Array through JSON", JSON.parse(JSON.stringify(new Uint8Array(bytes))), "the JSON of bytes"],
    ["the claims", { intent: intent.id, quarks: 1 }, "the claims of a token"],
    ["an object", { parsed: true }, "a JSON object, not a token"],
    ["an empty object", {}, "an empty JSON object"],
    ["undefined", undefined, "no body parser has run"],
    ["a promise", webhookRequest().text(), "Await it"],
    ["a stream", webhookRequest().body, "is a stream"],
    ["an ArrayBuffer", new ArrayBuffer(8), "new Uint8Array(buffer)"],
    ["Hono's context", { req: { raw: webhookRequest() } }, "c.req.raw"],
    ["a Lambda event", { body: bytes.toString("base64"), isBase64Encoded: true }, "Buffer.from(event.body"],
    ["a number", 7, "is a number"],
  ])("is rejected and reported by its type: %s", async (_, input, text) => {
    const error = await verify(input);
    expect(error).toMatchObject({ name: "InputError", code: "invalid_option", field: "input" });
    expect(error.message).toContain(text);
  });

  it("reports nothing for a text that never was a token", async () => {
    for (const body of ["no token", "aGVsbG8gd29ybGQ=", "a.b.c", "eyJ.x", "0", '"hello"', "[1,2,300]"]) {
      expect((await verify(body)).message).not.toContain("of a token");
    }
  });

  it("is looked at for a limited number of levels", async () => {
    let body = token;
    for (let level = 0; level < 4; level++) body = Buffer.from(body).toString("base64");
    expect((await verify(body)).message).not.toContain("of a token");
  });
});
