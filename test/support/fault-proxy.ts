/**
 * A TCP proxy that damages connections by a seeded plan: it refuses, cuts, stalls, half-closes and delays
 * them. It changes no byte, but it may send a complete HTTP/1.1 request twice.
 */
import net from "node:net";

/** Returns a generator of numbers from 0 to 1. The same seed gives the same numbers. */
export function randomOf(seed: number): () => number {
  // mulberry32
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const faultKinds = [
  "none",
  "refused",
  "cut request",
  "cut answer",
  "cut later",
  "stalled request",
  "stalled answer",
  "half-closed",
  "delayed",
  "repeated",
] as const;

export type FaultKind = (typeof faultKinds)[number];

export interface FaultProxy extends AsyncDisposable {
  readonly url: string;
  /** The fault of each connection, in the order of arrival. */
  readonly faults: readonly FaultKind[];
  /** Cuts every connection. Damages none from now on. */
  heal(): void;
}

/** Options of {@link startFaultProxy}. */
export interface FaultProxyOptions {
  /** The proxy cuts each connection after a random time up to this one. Default: it may live on. */
  readonly longestLifeMs?: number;
}

// The proxy cuts a stalled connection after this time, as a router does that drops its state.
const LONGEST_STALL_MS = 1_500;

/** Starts a proxy in front of a port on loopback. */
export async function startFaultProxy(
  targetPort: number,
  seed: number,
  { longestLifeMs = Number.POSITIVE_INFINITY }: FaultProxyOptions = {},
): Promise<FaultProxy> {
  const random = randomOf(seed);
  const faults: FaultKind[] = [];
  const sockets = new Set<net.Socket>();
  const timers = new Set<NodeJS.Timeout>();
  let isHealed = false;
  const keep = (socket: net.Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
    return socket;
  };
  const later = (ms: number, callback: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      callback();
    }, ms);
    timers.add(timer);
  };
  const connect = () => keep(net.connect({ port: targetPort, host: "127.0.0.1", allowHalfOpen: true }));

  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    keep(client);
    const fault = isHealed ? "none" : (faultKinds[Math.floor(random() * faultKinds.length)] ?? "none");
    // Small numbers are more likely, because the interesting bytes come early.
    const afterBytes = Math.floor(random() ** 2 * 1_500);
    const afterMs = Math.floor(random() * 150);
    faults.push(fault);
    if (fault === "refused") return void client.resetAndDestroy();
    const upstream = connect();
    const cut = () => {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    };
    client.once("close", () => upstream.destroy());
    upstream.once("close", () => client.destroy());
    if (fault === "cut later") later(afterMs, cut);
    else if (longestLifeMs < Number.POSITIVE_INFINITY && !isHealed) later(random() * longestLifeMs, cut);
    if (fault === "half-closed") later(afterMs, () => upstream.end());
    const limit = (kind: FaultKind) => (fault === kind ? afterBytes : Number.POSITIVE_INFINITY);
    const forward = (from: net.Socket, to: net.Socket, cutAfter: number, stallAfter: number) => {
      let passed = 0;
      let stalled = false;
      from.on("data", (chunk: Buffer) => {
        if (stalled) return;
        const room = Math.min(cutAfter, stallAfter) - passed;
        passed += chunk.length;
        const write = () => {
          if (to.writable) to.write(chunk.subarray(0, Math.max(0, room)));
          if (passed > cutAfter) cut();
        };
        if (passed > stallAfter) {
          stalled = true;
          later(LONGEST_STALL_MS, cut);
        }
        // Timers of equal length fire in the order they were set.
        if (fault === "delayed") later(1 + Math.floor(afterMs / 5), write);
        else write();
      });
      from.on("end", () => {
        const end = () => void (to.writable && to.end());
        if (fault === "delayed") later(1 + Math.floor(afterMs / 5), end);
        else if (!stalled) end();
      });
    };
    if (fault === "repeated") {
      client.once("data", (first: Buffer) => {
        if (isWholeRequest(first)) {
          const again = connect();
          again.resume();
          again.end(first);
        }
      });
    }
    forward(client, upstream, limit("cut request"), limit("stalled request"));
    forward(upstream, client, limit("cut answer"), limit("stalled answer"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    faults,
    heal() {
      isHealed = true;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function isWholeRequest(bytes: Buffer): boolean {
  const text = bytes.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  if (end === -1 || !/^(GET|POST) [^\r]* HTTP\/1\.1\r\n/.test(text)) return false;
  const length = Number(/\r\ncontent-length: (\d+)\r\n/i.exec(text.slice(0, end + 2))?.[1] ?? 0);
  return text.length === end + 4 + length;
}
