import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import http2 from "node:http2";
import type net from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tls from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connectionError } from "../../src/sequencer/connection-error.js";
import { certificates, testKey } from "../support/certificates.js";
import { buildScript, type Script } from "../support/child-process.js";

// A process of its own for each group: Node reads NODE_EXTRA_CA_CERTS once, at its start.
const source = `
import { CodeClient } from "./src/index.ts";
import { transports } from "./src/sequencer/transports/node.ts";
import { ways } from "./test/support/protocols.ts";
const order = { destination: "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR", amount: "2.50", currency: "usd" };
const shown = ({ code, message, retryable, mayHaveArrived }) => ({ code, message, retryable, mayHaveArrived });
const baseUrl = process.argv[2];
const outcomes = {};
for (const { name, connecting } of ways) {
  if (connecting === undefined) continue;
  const code = new CodeClient({ ...connecting, baseUrl, logger: { warn() {} } });
  outcomes[name] = await code.paymentIntents.create(order).then(() => "created", shown);
  await code.close();
}
const opener = await transports.socketOpener(undefined);
outcomes["a WebSocket"] = await new Promise((resolve) => {
  opener.open(baseUrl.replace("https", "wss"), {}, {
    onOpen: () => resolve("open"), onFrame() {}, onEnd: (error) => resolve(shown(error)),
  });
});
opener.close();
console.log(JSON.stringify(outcomes));
`;

interface Outcome {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  readonly mayHaveArrived: boolean;
}

let script: Script;
let directory: string;
beforeAll(async () => {
  script = await buildScript(source);
  directory = await mkdtemp(join(tmpdir(), "code-intents-"));
  await writeFile(join(directory, "authority.pem"), certificates.authority);
});
afterAll(async () => {
  await script.remove();
  await rm(directory, { recursive: true });
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Counts the connections of a server, and closes it with the test. */
async function listen(server: net.Server): Promise<{ port: number; connections(): number }> {
  const sockets = new Set<net.Socket>();
  let connections = 0;
  server.on("connection", (socket: net.Socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {});
  });
  server.on("tlsClientError", () => {});
  server.on("sessionError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

function secure(cert: string, options: tls.TlsOptions = {}): net.Server {
  return http2.createSecureServer(
    { key: testKey, cert, allowHTTP1: true, ...options },
    (request, response) => {
      request.resume();
      response.end();
    },
  );
}

async function outcomesOf(port: number, trusts: boolean): Promise<Record<string, Outcome | string>> {
  const env: Record<string, string> = trusts ? { NODE_EXTRA_CA_CERTS: join(directory, "authority.pem") } : {};
  const { code, stdout, stderr } = await script.run([`https://127.0.0.1:${port}`], 120_000, env).exit;
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

describe("a certificate", () => {
  const { authority, valid, expired, early, elsewhere, selfSigned } = certificates;
  it.each([
    ["is self-signed", selfSigned, false, "DEPTH_ZERO_SELF_SIGNED_CERT", ""],
    ["has an issuer that is not trusted", valid, false, "UNABLE_TO_VERIFY_LEAF_SIGNATURE", ""],
    ["has a root that is not trusted", valid + authority, false, "SELF_SIGNED_CERT_IN_CHAIN", ""],
    ["has expired", expired, true, "CERT_HAS_EXPIRED", "It has expired"],
    ["is not valid yet", early, true, "CERT_NOT_YET_VALID", "It is not valid yet"],
    ["is for another host", elsewhere, true, "ERR_TLS_CERT_ALTNAME_INVALID", "It is for another host name"],
  ])("that %s is final over every protocol, with nothing sent", async (_, cert, trusts, name, advice) => {
    const server = await listen(secure(cert));
    const outcomes = await outcomesOf(server.port, trusts);
    for (const [way, outcome] of Object.entries(outcomes)) {
      expect(outcome, way).toMatchObject({ code: "unavailable", retryable: false, mayHaveArrived: false });
      const { message } = outcome as Outcome;
      expect(message, way).toContain(`The certificate of the sequencer is not trusted (${name}). ${advice}`);
      expect(message, way).toContain("NODE_EXTRA_CA_CERTS");
    }
    // One attempt each.
    expect(server.connections()).toBe(Object.keys(outcomes).length);
  });
});

describe("a TLS handshake", () => {
  const { valid, authority } = certificates;

  it("that finds no common version is final over every protocol, with nothing sent", async () => {
    const server = await listen(secure(valid, { minVersion: "TLSv1", maxVersion: "TLSv1.1" }));
    const outcomes = await outcomesOf(server.port, true);
    for (const [way, outcome] of Object.entries(outcomes)) {
      expect(outcome, way).toMatchObject({ code: "unavailable", retryable: false, mayHaveArrived: false });
      const { message } = outcome as Outcome;
      expect(message, way).toMatch(/^The TLS handshake with the sequencer failed \(.*protocol version\)/);
    }
    expect(server.connections()).toBe(Object.keys(outcomes).length);
  });

  it("with a server that has no HTTP/2 is final over HTTP/2, and names httpVersion", async () => {
    const options = { key: testKey, cert: valid, ALPNProtocols: ["http/1.1"] };
    const server = await listen(
      tls.createServer(options, (socket) => {
        socket.on("error", () => {});
        socket.once("data", () => socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"));
      }),
    );
    const outcomes = await outcomesOf(server.port, true);
    for (const way of ["Connect over HTTP/2", "gRPC", "gRPC-Web over HTTP/2"]) {
      expect(outcomes[way], way).toMatchObject({
        code: "unavailable",
        retryable: false,
        mayHaveArrived: false,
      });
      const { message } = outcomes[way] as Outcome;
      expect(message).toContain("The server does not use HTTP/2 here");
      expect(message).toContain('set httpVersion: "1.1"; protocol "grpc" needs a server with HTTP/2');
    }
    for (const way of ["Connect over HTTP/1.1", "REST", "the envelope", "a WebSocket"])
      expect(outcomes[way], way).toMatchObject({ code: "unimplemented" });
  });

  it("with a server that requires a client certificate is final over every protocol, with nothing sent", async () => {
    // In TLS 1.3 the client learns this only after its request.
    const options = {
      requestCert: true,
      rejectUnauthorized: true,
      ca: authority,
      maxVersion: "TLSv1.2",
    } as const;
    const server = await listen(secure(valid, options));
    for (const [way, outcome] of Object.entries(await outcomesOf(server.port, true))) {
      expect(outcome, way).toMatchObject({ code: "unavailable", retryable: false, mayHaveArrived: false });
      expect((outcome as Outcome).message, way).toContain("The TLS handshake with the sequencer failed");
    }
  });

  it("with a server that has no TLS is final over every protocol, and names the scheme", async () => {
    const server = await listen(http.createServer((_, response) => response.end()));
    for (const [way, outcome] of Object.entries(await outcomesOf(server.port, true))) {
      expect(outcome, way).toMatchObject({ code: "unavailable", retryable: false, mayHaveArrived: false });
      expect((outcome as Outcome).message, way).toContain("The server does not use TLS on this port");
    }
  });
});

describe("an error of a connection in use", () => {
  it.each([
    ["ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC", ""],
    ["ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR", ""],
    ["EPROTO", "write EPROTO 80DC:error:0A000119:SSL routines:ssl3_get_record:decryption failed:x.c:1:"],
    ["EPROTO", "write EPROTO"],
    ["ECONNRESET", "read ECONNRESET"],
  ])("%s is no failed handshake: the call may have arrived", (code, message) => {
    const error = Object.assign(new Error(message), { code, syscall: "write" });
    expect(connectionError(error)).toMatchObject({ retryable: true, mayHaveArrived: true });
  });
});
