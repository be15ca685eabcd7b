// Builds if dist/ is missing or older than the sources, then runs a program with its arguments. Without
// arguments, as in `npm start`, it runs the walk through the first example.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Returns the time of the latest change below a folder, in milliseconds since 1970. */
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

/** Runs a program to its end. Exits with its status if it fails. The program handles signals. */
async function run(script, ...args) {
  const child = spawn(process.execPath, [join(root, script), ...args], { cwd: root, stdio: "inherit" });
  const pass = (signal) => {
    // A terminal sends Ctrl-C to the program directly.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, pass);
  const [status] = await once(child, "exit");
  for (const signal of ["SIGINT", "SIGTERM"]) process.off(signal, pass);
  if (status !== 0) process.exit(status ?? 1);
}
