import { WebSocket } from "ws";
import type { Emulator } from "../../src/emulator/index.js";
import { CodeClient, type CodeClientOptions, type ConnectingClientOptions } from "../../src/index.js";
import { CAPABILITIES, type Capabilities } from "../../src/sequencer/capabilities.js";

/** A way to reach an emulator. */
export interface Way {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Options of a client; `undefined` in memory, which has no URL. */
  readonly connecting: ConnectingClientOptions | undefined;
}

/** Every way of the package. */
export const ways: readonly Way[] = [
  { name: "Connect over HTTP/2", capabilities: CAPABILITIES.connect, connecting: { protocol: "connect" } },
  {
    name: "Connect over HTTP/1.1",
    capabilities: CAPABILITIES.connect,
    connecting: { protocol: "connect", httpVersion: "1.1" },
  },
  { name: "gRPC", capabilities: CAPABILITIES.grpc, connecting: { protocol: "grpc" } },
  {
    name: "gRPC-Web over HTTP/2",
    capabilities: CAPABILITIES["grpc-web"],
    connecting: { protocol: "grpc-web" },
  },
  {
    name: "gRPC-Web over HTTP/1.1",
    capabilities: CAPABILITIES["grpc-web"],
    connecting: { protocol: "grpc-web", httpVersion: "1.1" },
  },
  { name: "REST", capabilities: CAPABILITIES.rest, connecting: { protocol: "rest" } },
  {
    name: "REST over fetch",
    capabilities: CAPABILITIES.rest,
    connecting: { protocol: "rest", fetch: globalThis.fetch },
  },
  { name: "the envelope", capabilities: CAPABILITIES.envelope, connecting: { protocol: "envelope" } },
  {
    name: "the envelope over fetch and a given WebSocket",
    capabilities: CAPABILITIES.envelope,
    connecting: { protocol: "envelope", fetch: globalThis.fetch, webSocket: WebSocket },
  },
  { name: "memory", capabilities: CAPABILITIES.connect, connecting: undefined },
];

/** Creates a client that reaches the emulator in this way and drops warnings. Close it. */
export function clientOf(emulator: Emulator, way: Way, more: Partial<CodeClientOptions> = {}): CodeClient {
  const target =
    way.connecting === undefined
      ? { transport: emulator.transport }
      : { ...way.connecting, baseUrl: emulator.url };
  return new CodeClient({ logger: { warn() {} }, ...target, ...more } as CodeClientOptions);
}
