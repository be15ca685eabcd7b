import net from "node:net";
import { expect, test } from "vitest";
import { FakeProcess } from "./fake-process.js";
import { watchedForLeaks } from "./leaks.js";

test("reports a server, a socket and timers that a run leaves open, and none that it closes", async () => {
  const open: (() => void)[] = [];
  const { leaks } = await watchedForLeaks(async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as net.AddressInfo;
    const socket = net.connect(port, "127.0.0.1");
    await new Promise<void>((resolve) => socket.once("connect", resolve));
    const timers = [setInterval(() => {}, 60_000), setTimeout(() => {}, 60_000)];
    open.push(() => {
      socket.destroy();
      server.close();
      for (const timer of timers) clearTimeout(timer);
    });
  }, 1);
  for (const close of open) close();
  expect(leaks).toEqual([expect.stringMatching(/^a socket to port \d+$/), "a server", "a timer", "a timer"]);

  const closed = await watchedForLeaks(async () => clearTimeout(setTimeout(() => {}, 60_000)));
  expect(closed.leaks).toEqual([]);
});

test("reports listeners that a run leaves on its process", () => {
  const fake = new FakeProcess({ directory: "/", env: {}, stdin: "" });
  expect(fake.leftovers()).toEqual([]);
  fake.on("SIGINT", () => {});
  fake.stdout.on("error", () => {});
  expect(fake.leftovers()).toEqual(["a listener for SIGINT", "a listener for error of stdout"]);
});
