// Bundles the model of the shop with the sources of the package, and runs it; see test/model/main.ts. It needs
// no build.
//
//   node scripts/model.mjs [--seed <number>] [--orders 2000] [--kills 100]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const directory = mkdtempSync(join(tmpdir(), "code-intents-model-"));
try {
  process.exitCode = await run();
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function run() {
  symlinkSync(join(root, "node_modules"), join(directory, "node_modules"), "dir");
  const outfile = join(directory, "model.mjs");
  await build({
    entryPoints: [join(root, "test/model/main.ts")],
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    conditions: ["code-intents-source", "node"],
    packages: "external",
    logLevel: "error",
    outfile,
  });
  const args = [outfile, root, ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, { stdio: "inherit" });
  const pass = (signal) => {
    // A terminal sends Ctrl-C to the model directly.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, pass);
  const [status] = await once(child, "exit");
  return status ?? 1;
}
