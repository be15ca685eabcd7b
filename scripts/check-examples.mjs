// Runs the recipes of examples/ as a user would: installs, type-checks, builds and starts each, buys
// something over HTTP, pays with the emulator's wallet, and expects the order to be fulfilled once. Needs
// `npm run build` first.
//
//   node scripts/check-examples.mjs [recipe ...]
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { seeItPaid } from "./check-examples/page.mjs";
import { buy, payUnheard, shopEnvironment, withEmulator } from "./check-examples/shop.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tsc = join(root, "node_modules/typescript/bin/tsc");
const next = "node_modules/next/dist/bin/next";

/**
 * For each folder: dependencies in addition to the root's, commands that build, start (one after the other) or
 * run it, its output, the exit status of its framework on SIGTERM, and extra parts.
 */
const recipes = {
  express: { starts: [["server.mjs"]] },
  fastify: { starts: [["server.mjs"]] },
  hono: { starts: [["server.mjs"]] },
  koa: { starts: [["server.mjs"]] },
  lambda: { starts: ["http-api", "rest-api", "load-balancer"].map((service) => ["serve.mjs", service]) },
  // Its build is the check of its types.
  nest: { installs: true, starts: [["dist/express.js"], ["dist/fastify.js"]], stopped: "SIGTERM" },
  next: {
    installs: true,
    build: [next, "build"],
    starts: [[next, "start", "-p", "0", "-H", "127.0.0.1"]],
    stopped: 143,
    also: seeItPaid,
  },
  quickstart: { run: ["index.mjs"], prints: /^\w{43,44} was paid \(source: \w+\)$/m },
  workers: {
    installs: true,
    build: ["build.mjs"],
    starts: [["serve.mjs"]],
    stopped: 143,
    also: (market) => payUnheard(market, "/cdn-cgi/handler/scheduled"),
  },
};
/** Folders with separate checks. */
const elsewhere = new Set(["checkout", "walk"]);

const seconds = { install: 300, types: 60, build: 240, run: 30, start: 30, order: 60, stop: 15 };
const steps = ["install", "types", "build", "run"];

const folders = readdirSync(join(root, "examples"), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !elsewhere.has(entry.name))
  .map(({ name }) => name);
const wanted = process.argv.slice(2);
const rows = [];
for (const name of wanted.length > 0 ? wanted : folders) rows.push(await check(name));

console.log(["recipe".padEnd(12), ...steps.map((step) => step.padStart(9)), "  result"].join(""));
for (const { name, took, problem } of rows) {
  const cells = steps.map((step) => (took[step] === undefined ? "-" : `${took[step].toFixed(1)} s`));
  const result = problem === undefined ? "passed" : "FAILED";
  console.log([name.padEnd(12), ...cells.map((cell) => cell.padStart(9)), `  ${result}`].join(""));
}
for (const { name, problem } of rows) if (problem !== undefined) console.error(`\n${name}: ${problem}`);
const missing = Object.keys(recipes).filter((name) => !folders.includes(name));
if (missing.length > 0) console.error(`\nno folder of examples/: ${missing.join(", ")}`);
if (missing.length > 0 || rows.some(({ problem }) => problem !== undefined)) process.exitCode = 1;

/** Runs every step of a recipe, up to the first that fails. */
async function check(name) {
  const took = {};
  const step = async (title, work) => {
    const startedAt = performance.now();
    try {
      await work();
    } finally {
      took[title] = (performance.now() - startedAt) / 1_000;
    }
  };
  const recipe = recipes[name];
  const folder = join(root, "examples", name);
  const toEnd = (title, args) => step(title, () => ended(title, args, folder));
  try {
    if (recipe === undefined) throw new Error("this folder has no row in scripts/check-examples.mjs");
    if (recipe.installs) await step("install", () => install(folder));
    if (recipe.build) await toEnd("build", recipe.build);
    await toEnd("types", [tsc, "-p", "."]);
    await step("run", () => (recipe.run === undefined ? serveEach(recipe, folder) : runOnce(recipe, folder)));
    return { name, took };
  } catch (error) {
    return { name, took, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Installs as `npm ci` does in a clean clone. Ignores npm's warnings on stderr. */
async function install(folder) {
  const { dependencies } = readJson(root, "package.json");
  const locked = readJson(folder, "package-lock.json").packages["node_modules/code-intents"].dependencies;
  assert.deepEqual(
    locked,
    dependencies,
    "package-lock.json is of another code-intents: run `npm install` there",
  );
  const { status, output } = await within("install", start("npm", ["ci", "--no-audit", "--no-fund"], folder));
  if (status !== 0) throw new Error(`npm ci ended with ${status}\n${output}`);
}

function readJson(...path) {
  return JSON.parse(readFileSync(join(...path), "utf8"));
}

async function ended(title, args, folder) {
  const { status, output, stderr } = await within(title, start(process.execPath, args, folder));
  if (status !== 0 || stderr !== "") throw new Error(`${title} ended with ${status}\n${output}`);
}

async function runOnce({ run, prints }, folder) {
  const { status, output, stderr } = await within("run", start(process.execPath, run, folder));
  if (status !== 0 || stderr !== "" || !prints.test(output))
    throw new Error(`ended with ${status}\n${output}`);
}

async function serveEach(recipe, folder) {
  for (const command of recipe.starts) await serveAndBuy(recipe, command, folder);
}

async function serveAndBuy(recipe, command, folder) {
  await withEmulator(async (market) => {
    const program = start(process.execPath, command, folder, shopEnvironment(market));
    try {
      const origin = await limited("start", program.printed(/http:\/\/(?:127\.0\.0\.1|localhost):\d+/));
      Object.assign(market, { origin, printed: () => program.output });
      await limited("order", recipe.also?.(market));
      await limited("order", buy(market));
    } catch (error) {
      program.child.kill("SIGKILL");
      throw new Error(`${error.message}\n${program.output}`);
    }
    program.child.kill("SIGTERM");
    const { status, stderr, output } = await within("stop", program);
    const surprising = stderr.split("\n").filter((line) => line !== "" && !market.expects(line));
    if (status !== (recipe.stopped ?? 0)) throw new Error(`ended with ${status} on SIGTERM\n${output}`);
    if (surprising.length > 0) throw new Error(`unexpected output on stderr:\n${surprising.join("\n")}`);
  });
}

/** Starts a program of a recipe and collects its output. */
function start(command, args, cwd, environment = {}) {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(CODE_|NODE_ENV$|FORCE_COLOR$)/.test(name),
  );
  const env = {
    ...Object.fromEntries(inherited),
    NO_COLOR: "1",
    NEXT_TELEMETRY_DISABLED: "1",
    ...environment,
  };
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const program = { child, output: "", stderr: "", ended: undefined, printed: undefined };
  const listeners = new Set();
  const keep = (text) => {
    program.output += text;
    for (const listener of listeners) listener();
  };
  child.stdout.setEncoding("utf8").on("data", keep);
  child.stderr.setEncoding("utf8").on("data", (text) => {
    program.stderr += text;
    keep(text);
  });
  program.ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
  program.printed = (pattern) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(program.output);
        if (found !== null) resolve(found[0]);
      };
      listeners.add(look);
      look();
      program.ended.then((status) => reject(new Error(`ended with ${status} too early`)), reject);
    });
  return program;
}

/** Waits until a program ends. Kills it at the time limit of the step. */
async function within(title, program) {
  try {
    const status = await limited(title, program.ended);
    return { status, output: program.output, stderr: program.stderr };
  } catch (error) {
    program.child.kill("SIGKILL");
    throw new Error(`${error.message}\n${program.output}`);
  }
}

async function limited(title, work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`${title} took longer than ${seconds[title]} s`)),
      seconds[title] * 1_000,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
