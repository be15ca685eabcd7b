// Runs a program on a build that is made first where there is none or an older one, with the arguments behind it. Without any,
// `npm start`: the walk through the seed's example.
import { spawn } from "node:child_process";
import { once } from "node:events";
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
  await run("scripts/build.mjs");
}
const [program = "examples/walk/walk.mjs", ...args] = process.argv.slice(2);
await run(program, ...args);

/** Runs a program to its end, and ends with it where it fails. A signal is the program's to handle. */
async function run(script, ...args) {
  const child = spawn(process.execPath, [join(root, script), ...args], { cwd: root, stdio: "inherit" });
  const pass = (signal) => {
    // Ctrl-C on a terminal reaches the program without us.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, pass);
  const [status] = await once(child, "exit");
  for (const signal of ["SIGINT", "SIGTERM"]) process.off(signal, pass);
  if (status !== 0) process.exit(status ?? 1);
}
