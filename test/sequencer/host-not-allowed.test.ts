import dns from "node:dns";
import http from "node:http";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Emulator, type EmulatorOptions } from "../../src/emulator/index.js";
import { CodeClient, SequencerError } from "../../src/index.js";
import { transports } from "../../src/sequencer/transports/node.js";
import { connectingWays, destination, failureOf, order } from "../support/outcomes.js";

const cleanups: (() => unknown)[] = [];
beforeEach(() => {
  // As in a network of containers, where the name of a service resolves to its address.
  const { lookup } = dns;
  const named = ((name: string, ...rest: [object, ...unknown[]]) =>
    (lookup as (...all: unknown[]) => void)(
      name === "emulator" ? "127.0.0.1" : name,
      ...rest,
    )) as typeof lookup;
  vi.spyOn(dns, "lookup").mockImplementation(named);
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await Emulator.start({ host: "0.0.0.0", ...options });
  cleanups.push(() => emulator.close());
  return emulator;
}

const advice =
  'host not allowed: emulator:PORT. Start it with allowedHosts: ["emulator"], or on the command line with --allow-host emulator';

describe.each(connectingWays)("over $name", (way) => {
  function clientOf({ port }: Emulator): CodeClient {
    const code = new CodeClient({
      ...way.connecting,
      baseUrl: `http://emulator:${port}`,
      allowInsecure: true,
      logger: { warn() {} },
    });
    cleanups.push(() => code.close());
    return code;
  }

  it("a host that is not allowed ends the call for good, and names the option and the flag", async () => {
    const emulator = await start();
    const code = clientOf(emulator);
    for (const error of [
      await failureOf(code.paymentIntents.create(order)),
      await failureOf(code.paymentIntents.getStatus(destination)),
    ]) {
      expect(error).toBeInstanceOf(SequencerError);
      expect(error).toMatchObject({
        code: "request_refused",
        retryable: false,
        httpStatus: 421,
        sequencerMessage: `host not allowed: emulator:${emulator.port}`,
      });
      expect(error.message).toContain(advice.replace("PORT", String(emulator.port)));
    }
  });

  it("a host that is allowed is served", async () => {
    const code = clientOf(await start({ allowedHosts: ["emulator"] }));
    const { id } = await code.paymentIntents.create(order);
    expect((await code.paymentIntents.getStatus(id)).state).toBe("pending");
  });
});

it("a WebSocket to a host that is not allowed reports the same", async () => {
  const { port } = await start();
  const opener = await transports.socketOpener(undefined);
  cleanups.push(() => opener.close());
  const error = await new Promise<SequencerError>((resolve) => {
    const onEnd = (reason: unknown) => resolve(reason as SequencerError);
    opener.open(`ws://emulator:${port}`, {}, { onOpen() {}, onFrame() {}, onEnd });
  });
  expect(error).toMatchObject({ code: "request_refused", retryable: false, httpStatus: 421 });
  expect(error.message).toContain(advice.replace("PORT", String(port)));
});

describe("a refusal by the server's guard", () => {
  async function refusal(
    headers: http.OutgoingHttpHeaders,
    path = "/code.messaging.v1.Messaging/SendMessage",
  ) {
    const { port } = await start();
    return new Promise<{ status: number | undefined; headers: http.IncomingHttpHeaders; body: Buffer }>(
      (resolve, reject) => {
        const options = {
          port,
          path,
          method: "POST",
          agent: false,
          headers: { host: "emulator", ...headers },
        };
        const request = http.request(options, (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk) => chunks.push(chunk));
          response.on("end", () =>
            resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }),
          );
        });
        request.on("error", reject);
        request.end();
      },
    );
  }

  it.each([
    { "content-type": "application/proto" },
    { "content-type": "application/connect+proto" },
    { "content-type": "application/json", "connect-protocol-version": "1" },
  ])("is an error of Connect for %j", async (headers) => {
    const { status, headers: answered, body } = await refusal(headers);
    expect(status).toBe(421);
    expect(answered).toMatchObject({ "content-type": "application/json", vary: "Origin" });
    expect(JSON.parse(body.toString())).toEqual({
      code: "failed_precondition",
      message: "host not allowed: emulator",
    });
  });

  it.each(["application/grpc", "application/grpc+proto", "application/grpc-web+proto"])(
    "is in the headers for %s",
    async (type) => {
      const { status, headers, body } = await refusal({ "content-type": type });
      expect(status).toBe(421);
      expect(headers).toMatchObject({
        "content-type": type,
        "grpc-status": "9",
        "grpc-message": encodeURIComponent("host not allowed: emulator"),
        vary: "Origin",
      });
      expect(body).toHaveLength(0);
    },
  );

  it("is an envelope for a call in an envelope", async () => {
    const { status, headers, body } = await refusal(
      { "content-type": "application/octet-stream" },
      "/v1/api",
    );
    expect(status).toBe(421);
    expect(headers).toMatchObject({ "content-type": "application/octet-stream" });
    expect(body.toString()).toContain("[failed_precondition] host not allowed: emulator");
  });

  it("is JSON for every other request", async () => {
    const { status, body } = await refusal({}, "/v1/createIntent");
    expect(status).toBe(421);
    expect(JSON.parse(body.toString())).toEqual({ error: "host not allowed: emulator", success: false });
  });
});
