import net from "node:net";

/** A proxy to a server on loopback that can be cut: open connections break, and new ones fail. */
export interface Wire extends AsyncDisposable {
  readonly url: string;
  /** Connections that are open. */
  readonly open: number;
  cut(): void;
  mend(): void;
}

/** Opens a proxy to a port on loopback. */
export async function layWire(target: () => number): Promise<Wire> {
  const sockets = new Set<net.Socket>();
  let isCut = false;
  let open = 0;
  const keep = (socket: net.Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  };
  const server = net.createServer((client) => {
    keep(client);
    if (isCut) {
      client.resetAndDestroy();
      return;
    }
    open++;
    const upstream = net.connect(target(), "127.0.0.1");
    keep(upstream);
    client.pipe(upstream).pipe(client);
    client.once("close", () => {
      open--;
      upstream.destroy();
    });
    upstream.once("close", () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    get open() {
      return open;
    },
    cut() {
      isCut = true;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    mend() {
      isCut = false;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
