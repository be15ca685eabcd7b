// Compiles src/ to an empty dist/ and copies the files of the emulator's page. A build that fails removes
// dist/, so that no incomplete one can be published.
//
//   node scripts/build.mjs

import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");
const tsc = join(root, "node_modules", "typescript", "bin", "tsc");

const problem = build();
if (problem !== undefined) {
  rmSync(dist, { recursive: true, force: true });
  console.error(`build: ${problem}`);
  process.exitCode = 1;
}

function build() {
  if (process.argv.length > 2) return "takes no arguments";
  if (!existsSync(tsc)) return `typescript is missing: ${tsc}. Run \`npm ci\`.`;
  rmSync(dist, { recursive: true, force: true });
  const { status, signal, error } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (error !== undefined) return error.message;
  if (signal !== null) return `the compiler was stopped by ${signal}`;
  if (status !== 0) return "src/ does not compile; dist/ is removed";
  if (!existsSync(join(dist, "index.js"))) return "the compiler wrote no dist/index.js";
  const assets = join("emulator", "page", "assets");
  cpSync(join(root, "src", assets), join(dist, assets), { recursive: true });
  return makeExecutable();
}

/** Makes the files of `bin` executable. npm does this only when it installs a package, not in a clone. */
function makeExecutable() {
  const { bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const path of Object.values(bin)) {
    if (!existsSync(join(root, path)))
      return `the compiler wrote no ${path}, which package.json names as bin`;
    chmodSync(join(root, path), 0o755);
  }
  return undefined;
}
