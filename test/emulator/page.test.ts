import { readdir, readFile } from "node:fs/promises";
import type http from "node:http";
import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { afterEach, describe, expect, it } from "vitest";
import { pageHandler } from "../../src/emulator/page/page.js";
import { cleanUp, emulated, intentOf, register } from "../support/emulated.js";
import { type RawResponse, rawRequest } from "../support/raw-http.js";

afterEach(cleanUp);

const TOKEN = "a token of many characters";
const folder = new URL("../../src/emulator/page/assets/", import.meta.url);
const names = await readdir(folder);

const get = (emulator: { port: number }, path: string, headers: http.OutgoingHttpHeaders = {}) =>
  rawRequest(emulator, { method: "GET", path, headers: { host: `127.0.0.1:${emulator.port}`, ...headers } });

const securityHeaders = {
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

function expectSecured({ headers }: Pick<RawResponse, "headers">): void {
  expect(headers).toMatchObject(securityHeaders);
  const policy = String(headers["content-security-policy"]).split("; ");
  expect(policy).toEqual(
    expect.arrayContaining([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      "require-trusted-types-for 'script'",
    ]),
  );
  expect(policy.join(" ")).not.toMatch(/unsafe|\*|https?:|data:|blob:/);
}

describe("the page", () => {
  it.each(["/", "/?", "/?from=elsewhere", "/page/page.html"])("is served at %s", async (path) => {
    const { emulator } = await emulated();
    const answer = await get(emulator, path, { accept: "text/html,*/*;q=0.8" });
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(answer.text).toMatch(/^<!doctype html>/);
    expectSecured(answer);
  });

  it("serves every file with its type", async () => {
    const { emulator } = await emulated();
    const types: Record<string, string> = {
      html: "text/html; charset=utf-8",
      css: "text/css; charset=utf-8",
      js: "text/javascript; charset=utf-8",
      svg: "image/svg+xml",
    };
    for (const name of names) {
      const answer = await get(emulator, `/page/${name}`);
      expect([name, answer.status]).toEqual([name, 200]);
      expect(answer.headers["content-type"]).toBe(types[name.split(".").at(-1) ?? ""]);
      expect(answer.text).toBe(await readFile(new URL(name, folder), "utf8"));
      expectSecured(answer);
    }
  });

  it("answers HEAD without a body", async () => {
    const { emulator } = await emulated();
    const head = await rawRequest(emulator, { method: "HEAD", path: "/" });
    const { headers, text } = await get(emulator, "/");
    expect(head).toMatchObject({ status: 200, text: "" });
    expect(head.headers["content-length"]).toBe(String(Buffer.byteLength(text)));
    expect(head.headers["content-security-policy"]).toBe(headers["content-security-policy"]);
  });

  it.each([
    "/page/",
    "/page/none.js",
    "/page/../page.html",
    "/page/..%2f..%2fpage.ts",
    "/page/%2e%2e/page.ts",
    "/page//page.js",
    "/page/page.js/",
    "/page/constructor",
    "/page",
    "/index.html",
    "//",
  ])("answers 404 at %s", async (path) => {
    const { emulator } = await emulated();
    expect((await get(emulator, path)).status).toBe(404);
  });

  it.each(["POST", "PUT", "DELETE"])("rejects %s", async (method) => {
    const { emulator } = await emulated();
    expect((await rawRequest(emulator, { method, path: "/" })).status).toBe(404);
  });

  it("does not change the other routes", async () => {
    const { emulator } = await emulated();
    expect((await get(emulator, "/v1/api")).status).toBe(405);
    expect((await get(emulator, "/v1/getStatus?intent=x")).headers["content-type"]).toBe("application/json");
    expect((await get(emulator, "/v1/none")).status).toBe(404);
  });

  it("loads nothing from other servers, and has nothing inline", async () => {
    const html = await readFile(new URL("page.html", folder), "utf8");
    for (const [, url] of html.matchAll(/(?:src|href)="([^"#][^"]*)"/g)) {
      expect(names.map((name) => `page/${name}`)).toContain(url);
    }
    expect(html).not.toMatch(/<style|style=|\son\w+=|<script(?![^>]*\ssrc=)/);
    for (const name of names.filter((name) => /\.(js|css)$/.test(name))) {
      const text = await readFile(new URL(name, folder), "utf8");
      expect(text).not.toMatch(
        /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(|new Function/,
      );
      expect(text).not.toMatch(/https?:\/\/|url\(|@import url/);
    }
  });
});

describe("access to the page", () => {
  it("is public with a token, since the page has no state", async () => {
    const { emulator } = await emulated({ controlToken: TOKEN });
    const intent = intentOf();
    await register(emulator, intent);
    for (const name of names) {
      const { status, text } = await get(emulator, `/page/${name}`);
      expect(status).toBe(200);
      for (const secret of [TOKEN, intent.id, emulator.webhookPublicKey]) expect(text).not.toContain(secret);
    }
  });

  it.each([
    ["127.0.0.1", false, 200],
    ["::1", false, 200],
    ["::ffff:127.0.0.1", false, 200],
    ["10.0.0.7", false, 403],
    ["::ffff:10.0.0.7", false, 403],
    ["2001:db8::1", false, 403],
    [undefined, false, 403],
    ["10.0.0.7", true, 200],
  ])("from %s, with a token: %s, answers %i", async (remoteAddress, hasToken, status) => {
    for (const url of ["/", "/page/page.js"]) {
      const socket = Object.defineProperty(new Socket(), "remoteAddress", { value: remoteAddress });
      const req = Object.assign(new IncomingMessage(socket), { method: "GET", url });
      const res = new ServerResponse(req);
      await pageHandler(hasToken, () => {})(req, res);
      expect(res.statusCode).toBe(status);
      const headers = res.getHeaders() as http.IncomingHttpHeaders;
      if (status === 200) expectSecured({ headers });
    }
  });

  it.each([
    ["host", "evil.example", 421],
    ["origin", "https://evil.example", 403],
    ["origin", "null", 403],
  ])("is denied with a foreign %s", async (name, value, status) => {
    const { emulator } = await emulated();
    for (const path of ["/", "/page/page.js"]) {
      const answer = await get(emulator, path, { [name]: value });
      expect(answer.status).toBe(status);
      expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
    }
  });

  it("is open to a visitor who follows a link from another site", async () => {
    const { emulator } = await emulated();
    const headers = {
      "sec-fetch-site": "cross-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "document",
    };
    expect((await get(emulator, "/", headers)).status).toBe(200);
  });
});

it("the page's scripts pass strict type checks", () => {
  const entry = fileURLToPath(new URL("page.js", folder));
  const program = ts.createProgram([entry, fileURLToPath(new URL("types.js", folder))], {
    allowJs: true,
    checkJs: true,
    noEmit: true,
    strict: true,
    noUncheckedIndexedAccess: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    types: [],
    // Skips the check of the compiler's own lib.*.d.ts.
    skipDefaultLibCheck: true,
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts", "lib.dom.asynciterable.d.ts"],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  });
  const problems = ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
    );
  expect(problems).toEqual([]);
  const loaded = program.getSourceFiles().map(({ fileName }) => fileName.split("/").at(-1));
  for (const name of names.filter((name) => name.endsWith(".js"))) expect(loaded).toContain(name);
});
