import { AsyncLocalStorage } from "node:async_hooks";
import diagnostics from "node:diagnostics_channel";
import net from "node:net";

/** What one run has opened. */
interface Opened {
  readonly sockets: Set<net.Socket>;
  readonly servers: Set<net.Server>;
  readonly timers: Set<NodeJS.Timeout>;
}

const current = new AsyncLocalStorage<Opened>();

/**
 * Runs a function, and gives what would keep a process alive after it: sockets, servers and timers that it
 * has opened and not closed.
 *
 * @param limitMs is how long they may take to close; the default is far more than they need
 */
export async function watchedForLeaks<T>(
  run: () => Promise<T>,
  limitMs = 10_000,
): Promise<{ readonly result: T; readonly leaks: string[] }> {
  watch();
  const opened: Opened = { sockets: new Set(), servers: new Set(), timers: new Set() };
  const result = await current.run(opened, run);
  // A socket that is closed takes a few turns of the event loop for it, in which a process would live on.
  const limit = performance.now() + limitMs;
  let leaks = leaksOf(opened);
  while (leaks.length > 0 && performance.now() < limit) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    leaks = leaksOf(opened);
  }
  return { result, leaks };
}

function leaksOf({ sockets, servers, timers }: Opened): string[] {
  return [
    ...[...sockets].filter(keepsAlive).map((socket) => `a socket to port ${socket.remotePort}`),
    ...[...servers].filter((server) => server.listening).map(() => "a server"),
    ...[...timers].filter(isPending).map(() => "a timer"),
  ];
}

let watching = false;

/** Notes every socket, server and timer that is opened within a run. */
function watch(): void {
  if (watching) return;
  watching = true;
  diagnostics.subscribe("net.client.socket", (message) => {
    current.getStore()?.sockets.add((message as { socket: net.Socket }).socket);
  });
  const { listen } = net.Server.prototype;
  net.Server.prototype.listen = function (this: net.Server, ...args: unknown[]): net.Server {
    current.getStore()?.servers.add(this);
    return Reflect.apply(listen, this, args);
  };
  for (const name of ["setTimeout", "setInterval"] as const) {
    const original = globalThis[name];
    const noting = (...args: Parameters<typeof original>): NodeJS.Timeout => {
      const timer = Reflect.apply(original, globalThis, args) as NodeJS.Timeout;
      current.getStore()?.timers.add(timer);
      return timer;
    };
    globalThis[name] = Object.assign(noting, original) as typeof original & typeof setTimeout;
  }
}

/** The platform's fetch keeps idle sockets for later, which keep no process alive. */
function keepsAlive(socket: net.Socket): boolean {
  const { _handle: handle } = socket as { _handle?: { hasRef?(): boolean } | null };
  return !socket.destroyed && handle?.hasRef?.() !== false;
}

function isPending(timer: NodeJS.Timeout): boolean {
  return timer.hasRef() && !(timer as { _destroyed?: boolean })._destroyed;
}
