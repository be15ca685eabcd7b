// `npm run demo`: builds the page and the backend, then runs them with an emulator.
import { fileURLToPath } from "node:url";
import { build } from "vite";

const configFile = fileURLToPath(new URL("vite.config.ts", import.meta.url));
process.env.DATABASE ??= fileURLToPath(new URL("data/orders.db", import.meta.url));

await build({ configFile, logLevel: "warn" });
await build({ configFile, logLevel: "warn", build: { ssr: true } });
await import("./dist/server/demo.js");
