import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { Emulator } from "../../src/emulator/index.js";
import { CodeClient, type CodeClientOptions } from "../../src/index.js";
import { order } from "../support/outcomes.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/**
 * Starts a proxy that serves an emulator below `/seq/`, as nginx does with `location /seq/`. `/seq` without a
 * slash is redirected. `refuse` returns the status for a request that the proxy refuses.
 */
async function startProxy(
  refuse: (path: string, isUpgrade: boolean) => number | undefined = () => undefined,
) {
  const emulator = await Emulator.start();
  cleanups.push(() => emulator.close());
  const upgrades: string[] = [];
  const refusalOf = (path: string, isUpgrade: boolean) =>
    refuse(path, isUpgrade) ?? (path === "/seq" ? 301 : path.startsWith("/seq/") ? undefined : 404);
  const headersOf = (status: number) => (status === 301 ? { location: "/seq/" } : {});
  const server = http.createServer((request, response) => {
    const { url: path = "", method, headers } = request;
    const status = refusalOf(path, false);
    if (status !== undefined) {
      request.resume();
      response.writeHead(status, headersOf(status)).end();
      return;
    }
    const target = { port: emulator.port, path: path.slice("/seq".length), method, headers };
    const upstream = http.request(target, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(response);
    });
    upstream.on("error", () => response.destroy());
    response.once("close", () => upstream.destroy());
    request.pipe(upstream);
  });
  const sockets = new Set<net.Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  server.on("upgrade", ({ url: path = "", rawHeaders }, socket, head) => {
    upgrades.push(path);
    socket.on("error", () => {});
    const status = refusalOf(path, true);
    if (status !== undefined) {
      const lines = Object.entries(headersOf(status)).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.end(`HTTP/1.1 ${status} No\r\n${lines.join("")}content-length: 0\r\nconnection: close\r\n\r\n`);
      return;
    }
    const upstream = net.connect(emulator.port, "127.0.0.1");
    upstream.on("error", () => socket.destroy());
    socket.once("close", () => upstream.destroy());
    let text = `GET ${path.slice("/seq".length)} HTTP/1.1\r\n`;
    for (let i = 0; i < rawHeaders.length; i += 2) text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
    upstream.write(`${text}\r\n`);
    upstream.write(head);
    socket.pipe(upstream).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { emulator, upgrades, url: `http://127.0.0.1:${port}/seq` };
}

/**
 * Creates, watches and pays an intent. Returns how the payment was reported, and the warnings of the watch.
 */
async function pay(emulator: Emulator, options: Partial<CodeClientOptions>) {
  const warnings: string[] = [];
  const logger = { warn: (text: string) => warnings.push(text) };
  const code = new CodeClient({ logger, ...options } as CodeClientOptions);
  cleanups.push(() => code.close());
  const intent = await code.paymentIntents.create(order);
  const types: string[] = [];
  for await (const event of code.paymentIntents.watch(intent, { intervalMs: 200 })) {
    types.push(event.type);
    if (event.type === "requested") await emulator.wallet.pay(intent);
    if (event.type === "submitted") return { heardFrom: event.heardFrom, types, warnings, intent };
  }
  throw new Error("ended without a payment");
}

describe.each([
  ["the package ws", undefined],
  ["a given WebSocket", WebSocket],
])("a base URL with a path, over %s", (_, webSocket) => {
  it.each(["/", "//"])("keeps its slash at the end, given as %s", async (slashes) => {
    const { emulator, upgrades, url } = await startProxy();
    const { heardFrom, warnings } = await pay(emulator, {
      protocol: "envelope",
      baseUrl: `${url}${slashes}`,
      webSocket,
    } as Partial<CodeClientOptions>);
    expect(heardFrom).toBe("stream");
    expect(new Set(upgrades)).toEqual(new Set(["/seq/"]));
    expect(warnings).toEqual([]);
  });
});

describe.each([
  ["connect", { protocol: "connect", httpVersion: "1.1" }],
  ["grpc-web", { protocol: "grpc-web", httpVersion: "1.1" }],
  ["rest", { protocol: "rest" }],
] as const)("a base URL with a slash at the end, over %s", (protocol, target) => {
  it("leads to the same calls", async () => {
    const { emulator, url } = await startProxy();
    const code = new CodeClient({ ...target, baseUrl: `${url}/` });
    cleanups.push(() => code.close());
    const intent = await code.paymentIntents.create(order);
    await emulator.wallet.pay(intent);
    expect((await code.paymentIntents.getStatus(intent)).state).toBe("submitted");
    expect(protocol).toBe(target.protocol);
  });
});

describe("a stream that is refused for good", () => {
  it.each([
    ["a redirect", (_: string, isUpgrade: boolean) => (isUpgrade ? 301 : undefined), "redirect"],
    ["403", (_: string, isUpgrade: boolean) => (isUpgrade ? 403 : undefined), "denied permission"],
    ["404", (_: string, isUpgrade: boolean) => (isUpgrade ? 404 : undefined), "no such call"],
    ["421", (_: string, isUpgrade: boolean) => (isUpgrade ? 421 : undefined), "rejected the request"],
  ] as const)("by %s is reported once, and the payment still arrives", async (_, refuse, words) => {
    const { emulator, upgrades, url } = await startProxy(refuse);
    const { heardFrom, warnings, intent } = await pay(emulator, { protocol: "envelope", baseUrl: `${url}/` });
    expect(["poll", "status"]).toContain(heardFrom);
    // One try of each kind of stream.
    expect(upgrades).toHaveLength(2);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(
      `messages of intent ${intent.id}: the sequencer refuses streams; the watch polls instead: `,
    );
    expect(warnings[0]).toContain(words);
  });

  it.each(["connect", "grpc-web"] as const)("over %s is reported once", async (protocol) => {
    const refuse = (path: string) => (path.includes("OpenMessageStream") ? 403 : undefined);
    const { emulator, url } = await startProxy(refuse);
    const { heardFrom, warnings } = await pay(emulator, { protocol, httpVersion: "1.1", baseUrl: url });
    expect(["poll", "status"]).toContain(heardFrom);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(
      "refuses streams; the watch polls instead: The sequencer denied permission",
    );
  });

  it("is not reported if another kind of stream works", async () => {
    const refuse = (path: string) => (path.endsWith("WithKeepAlive") ? 403 : undefined);
    const { emulator, url } = await startProxy(refuse);
    const { heardFrom, warnings } = await pay(emulator, { httpVersion: "1.1", baseUrl: url });
    expect(heardFrom).toBe("stream");
    expect(warnings).toEqual([]);
  });
});
