import { Code, type ConnectRouter, createClient, createContextKey } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import { afterEach, describe, expect, it } from "vitest";
import { EmulatorService } from "../../gen/codeintents/emulator/v1/emulator_service_pb.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { type ServerParts, serverCore } from "../../src/server/core.js";
import { checkServerOptions, type ServerOptions } from "../../src/server/options.js";
import { type RunningServer, type ServerExtension, startServer } from "../../src/server/server.js";
import { memoryStore } from "../../src/server/store/memory.js";
import { cleanUp, later } from "../support/emulated.js";
import { callOf, failed, post } from "../support/envelope.js";
import { listing, loginRequest, resultOfLogin } from "../support/identity.js";
import { login, newKey, payment, refusalOf, sendLogin, sendPayment, statusOf } from "../support/sequencer.js";

afterEach(cleanUp);

/** A sequencer without an emulator, on the system clock. */
async function started(
  options: ServerOptions = {},
  parts: ServerParts = {},
  extension: ServerExtension = {},
): Promise<RunningServer> {
  const checked = checkServerOptions(options);
  const server = await startServer(serverCore(checked, parts), checked, extension);
  later(() => server.close());
  return server;
}

describe("startServer", () => {
  it("serves one state over every protocol", async () => {
    const server = await started();
    const key = newKey();
    await sendPayment(server, key, payment());
    const { url: baseUrl } = server;
    const sessionManager = new Http2SessionManager(baseUrl);
    later(() => sessionManager.abort());
    const transports = [
      server.transport,
      createConnectTransport({ httpVersion: "1.1", baseUrl }),
      createGrpcTransport({ baseUrl, sessionManager }),
      createGrpcWebTransport({ httpVersion: "1.1", baseUrl }),
    ];
    for (const transport of transports) {
      expect(await statusOf({ transport }, key)).toMatchObject({ exists: true, intentSubmitted: false });
    }
    const rest = await fetch(`${baseUrl}/v1/getStatus?intent=${toBase58(key.publicKey)}`);
    expect(await rest.json()).toEqual({ success: true, status: "PENDING" });
  });

  it("has no control services, no wallet and no page", async () => {
    const { url, transport } = await started();
    for (const method of ["EmulatorService/GetEmulator", "WalletService/Pay"]) {
      const { status } = await fetch(`${url}/codeintents.emulator.v1.${method}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{}",
      });
      expect(status).toBe(404);
    }
    const emulator = createClient(EmulatorService, transport);
    expect(await refusalOf(emulator.getEmulator({}))).toMatchObject({ code: Code[Code.Unimplemented] });
    expect((await fetch(`${url}/`)).status).toBe(404);
  });

  it("serves the services, the context and the HTTP handlers of an extension", async () => {
    const callerKey = createContextKey("memory");
    const routes = ({ rpc }: ConnectRouter) =>
      void rpc(EmulatorService.method.getEmulator, (_, { values }) => ({
        webhookPublicKey: values.get(callerKey),
      }));
    const server = await started(
      {},
      {},
      {
        routes,
        addContext: (values, req) => values.set(callerKey, `HTTP ${req.method}`),
        handlerOf: ({ url }) => (url === "/hello" ? async (_, res) => void res.end("hello") : undefined),
      },
    );
    const overHttp = createConnectTransport({ httpVersion: "1.1", baseUrl: server.url });
    for (const [transport, caller] of [
      [server.transport, "memory"],
      [overHttp, "HTTP POST"],
    ] as const) {
      const { webhookPublicKey } = await createClient(EmulatorService, transport).getEmulator({});
      expect(webhookPublicKey).toBe(caller);
    }
    expect(await (await fetch(`${server.url}/hello`)).text()).toBe("hello");
    expect((await fetch(`${server.url}/other`)).status).toBe(404);
    const call = callOf(EmulatorService.method.getEmulator, {});
    expect((await post(server, call)).answer).toEqual(failed("Invalid service name: EmulatorService"));
  });

  it("closes its own store and leaves a passed store open", async () => {
    const closed: string[] = [];
    const storeNamed = (name: string) =>
      Object.assign(memoryStore(), { close: async () => void closed.push(name) });
    const given = await started({ store: storeNamed("given") });
    await given.close();
    expect(closed).toEqual([]);
    const checked = { ...checkServerOptions({}), store: storeNamed("own") };
    const own = await startServer(serverCore(checked), checked);
    await Promise.all([own.close(), own.close()]);
    expect(closed).toEqual(["own"]);
  });

  it("stops listening if its webhooks cannot be resumed", async () => {
    const failure = new Error("broken");
    const { port, close } = await started();
    await close();
    const store = Object.assign(memoryStore(), { dump: () => Promise.reject(failure) });
    await expect(started({ store, port })).rejects.toBe(failure);
    expect((await started({ port })).port).toBe(port);
  });
});

describe("serverCore", () => {
  it("reports internal failures to the logger of the options", async () => {
    const logged: unknown[][] = [];
    const failure = new Error("broken");
    const store = Object.assign(memoryStore(), { transaction: () => Promise.reject(failure) });
    const logger = { error: (...data: unknown[]) => void logged.push(data) };
    const server = await started({ store, logger });
    expect(await refusalOf(statusOf(server, newKey()))).toEqual({ code: "Internal", text: "" });
    expect(logged).toEqual([["code-intents sequencer:", failure]]);
  });

  it.each([
    ["INVALID_ACCOUNT", undefined],
    ["INVALID_ACCOUNT", async () => false],
    ["OK", async () => true],
    ["OK", () => true],
  ])(
    "responds to a login with %s according to isRelationshipAccount",
    async (result, isRelationshipAccount) => {
      const [verifier, key, user] = [newKey(), newKey(), newKey()];
      const server = await started(
        { fetchWellKnown: async () => listing(verifier) },
        isRelationshipAccount === undefined ? {} : { isRelationshipAccount },
      );
      await sendLogin(server, key, login(key, verifier, "example.com"));
      expect(await resultOfLogin(server, loginRequest(key.publicKey, user))).toBe(result);
    },
  );
});
