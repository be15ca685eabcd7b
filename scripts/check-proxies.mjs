// Watches 1,000 intents on one client through nginx and haproxy with their default limits of streams on a connection,
// over Connect and gRPC. Every watch gets a stream, every call is answered meanwhile, and every payment is reported.
// Installs the proxies if they are missing. Needs `npm run build` first.
//
//   node scripts/check-proxies.mjs [--count 1000]
import { parseArgs } from "node:util";
import { install, names, start } from "./proxies/servers.mjs";
import { watchThrough } from "./proxies/watches.mjs";

const { values } = parseArgs({ options: { count: { type: "string", default: "1000" } } });
const count = Number(values.count);
if (!Number.isInteger(count) || count < 1) throw new Error("--count must be a positive integer");

install();
const { Emulator } = await import("code-intents/emulator");
let failed = false;
for (const name of names) {
  for (const protocol of ["connect", "grpc"]) {
    const startedAt = performance.now();
    const emulator = await Emulator.start();
    const proxy = await start(name, emulator.url);
    try {
      const result = await watchThrough({ emulator, url: proxy.url, protocol, count });
      const { standing, heard, sources, creates, createsAsked, failures } = result;
      const right = standing === count && heard.length === count && creates.length === createsAsked;
      failed ||= !right;
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      console.log(
        `${right ? "ok" : "FAILED"}: ${proxy.version}, ${protocol}: ${standing} of ${count} streams, ` +
          `${creates.length} of ${createsAsked} creates answered, ${heard.length} of ${count} payments reported ` +
          `(${counts(Object.entries(sources))}) in ${seconds} s${failures.size > 0 ? `; ${counts(failures)}` : ""}`,
      );
    } finally {
      await proxy.stop();
      await emulator.close();
    }
  }
}
if (failed) process.exitCode = 1;

function counts(entries) {
  return [...entries].map(([what, number]) => `${what}: ${number}`).join(", ");
}
