import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Root of the package. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** Builds `dist` if it is missing or older than the sources. */
export function ensureBuilt() {
  const entry = join(root, "dist/index.js");
  if (existsSync(entry) && statSync(entry).mtimeMs >= newest(join(root, "src"))) return;
  console.error("building dist");
  const script = join(root, "scripts/build.mjs");
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const command = existsSync(script) ? [script] : [compiler, "-p", join(root, "tsconfig.build.json")];
  // The build's output goes to stderr, so that stdout contains only the tables.
  execFileSync(process.execPath, command, { cwd: root, stdio: ["ignore", 2, 2] });
}

/** @param {string} directory */
function newest(directory) {
  const times = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs);
  return Math.max(...times);
}
