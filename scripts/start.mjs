// Runs an example on a build that is made first where there is none or an older one. Without an argument, `npm start`:
// the walk through the seed's example.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Time of the latest change below a folder, in milliseconds since 1970. */
function latestChange(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    latest = Math.max(latest, entry.isDirectory() ? latestChange(path) : statSync(path).mtimeMs);
  }
  return latest;
}

const built = join(root, "dist/index.js");
if (!existsSync(built) || statSync(built).mtimeMs < latestChange(join(root, "src"))) {
  console.log("Building first ...");
  run("scripts/build.mjs");
}
run(process.argv[2] ?? "examples/walk/walk.mjs");

function run(script) {
  const { status, signal } = spawnSync(process.execPath, [join(root, script)], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exit(signal === null ? (status ?? 1) : 1);
}
