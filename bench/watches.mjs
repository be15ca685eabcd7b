/**
 * Measures the time from a payment to its event, and of a create, with many watches on one client behind nginx and
 * haproxy with their default limits of streams on a connection. Exits with 1 if a payment is not reported within five seconds.
 *
 * node bench/watches.mjs [--count 1000]
 */
import os from "node:os";
import { parseArgs } from "node:util";
import { install, names, start } from "../scripts/proxies/servers.mjs";
import { watchThrough } from "../scripts/proxies/watches.mjs";
import { ensureBuilt } from "./build.mjs";

const MAX_MS = 5_000;

const { values } = parseArgs({ options: { count: { type: "string", default: "1000" } } });
const count = Number(values.count);
if (!Number.isInteger(count) || count < 1) throw new Error("--count must be a positive integer");

ensureBuilt();
install();
const { Emulator } = await import("code-intents/emulator");
console.log(`${count} watches on one client. Node ${process.versions.node}, ${os.cpus()[0]?.model.trim()}\n`);
console.log(
  "| proxy, protocol | reported | payment to event: median, 95th percentile, maximum | create: median, maximum |",
);
console.log("|---|--:|--:|--:|");
for (const name of names) {
  for (const protocol of /** @type {const} */ (["connect", "grpc"])) {
    const emulator = await Emulator.start();
    const proxy = await start(name, emulator.url);
    try {
      const { heard, creates } = await watchThrough({ emulator, url: proxy.url, protocol, count });
      const slowest = Math.max(...heard);
      if (heard.length < count || slowest > MAX_MS) process.exitCode = 1;
      const paid = [at(heard, 0.5), at(heard, 0.95), at(heard, 1)].join(", ");
      const created = [at(creates, 0.5), at(creates, 1)].join(", ");
      console.log(`| ${proxy.version}, ${protocol} | ${heard.length} | ${paid} | ${created} |`);
    } finally {
      await proxy.stop();
      await emulator.close();
    }
  }
}

/**
 * @param {readonly number[]} times
 * @param {number} share
 */
function at(times, share) {
  const sorted = [...times].sort((a, b) => a - b);
  const time = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return time === undefined ? "none" : `${time.toFixed(0)} ms`;
}
