// Checks the wire contract: lint, format, breaking changes since the last release, and whether gen/ equals
// what proto/ compiles to. Works offline and without git history, because the released contract is a file,
// schema/baseline.binpb.
//
//   node scripts/check-proto.mjs [--root <dir>]

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const home = dirname(dirname(fileURLToPath(import.meta.url)));

// Always uses the tools of this repository, even for another root. Node runs their entry files, because on
// Windows it cannot run those of node_modules/.bin.
const modules = join(home, "node_modules", "@bufbuild");
const buf = join(modules, "buf", "bin", "buf");
const plugin = join(modules, "protoc-gen-es", "bin", "protoc-gen-es");

const baseline = "schema/baseline.binpb";
const regenerate = "Run `npm run generate` and commit gen/.";

/** A failed check: `output` of the tool and `advice` on how to fix it. */
class Failure extends Error {
  constructor(output, advice) {
    super(output);
    this.advice = advice;
  }
}

const checks = {
  async lint(context) {
    await runBuf(context, ["lint"], "Fix the lines above. buf.yaml exempts only the released contract.");
  },

  async format(context) {
    await runBuf(context, ["format", "-d", "--exit-code"], "Run `npx buf format -w` and commit proto/.");
  },

  async breaking(context) {
    need(context.root, baseline);
    await runBuf(
      context,
      ["breaking", "--exclude-imports", "--against", baseline],
      "Released messages, fields and services keep their names and numbers. Undo the change; see schema/README.md.",
    );
  },

  async drift(context) {
    const fresh = join(context.temporary, "fresh");
    const template = join(context.temporary, "buf.gen.yaml");
    need(context.root, "buf.gen.yaml");
    if (!existsSync(plugin)) throw new Failure(`protoc-gen-es is missing: ${plugin}`, "Run `npm ci`.");
    await writeFile(template, portableTemplate(await readFile(join(context.root, "buf.gen.yaml"), "utf8")));
    await runBuf(context, ["generate", "--template", template, "-o", fresh], "Fix the error above.");
    const differences = await compare(join(fresh, "gen"), join(context.root, "gen"));
    if (differences.length > 0) throw new Failure(differences.join("\n"), regenerate);
  },
};

/**
 * Returns the root's template with the plugin of this repository, and without `clean`, so that it cannot
 * delete files.
 */
function portableTemplate(text) {
  let plugins = 0;
  const lines = text.split("\n").map((line) => {
    const [, indent, key, written = ""] = /^([\s-]*)(local|out|clean):\s*(.*?)\s*(?:#.*)?$/.exec(line) ?? [];
    const value = written.replace(/^(["'])(.*)\1$/, "$2");
    if (key === "clean") return "";
    if (key === "out" && value !== "gen") {
      throw new Failure(`buf.gen.yaml writes to ${value}`, "Only gen/ is checked: write `out: gen`.");
    }
    if (key !== "local") return line;
    if (basename(value) !== "protoc-gen-es") {
      throw new Failure(`buf.gen.yaml runs ${value}`, "This check supports only protoc-gen-es.");
    }
    plugins += 1;
    return `${indent}local: ${JSON.stringify([process.execPath, plugin])}`;
  });
  if (plugins === 0) throw new Failure("buf.gen.yaml runs no protoc-gen-es", "Restore the plugin.");
  return lines.join("\n");
}

/** Returns one line for each file that differs. */
async function compare(fresh, committed) {
  const [expected, actual] = await Promise.all([files(fresh), files(committed)]);
  const differences = [];
  for (const name of [...new Set([...expected, ...actual])].sort()) {
    const path = `gen/${name}`;
    if (!actual.has(name)) differences.push(`missing: ${path}`);
    else if (!expected.has(name)) differences.push(`extra: ${path} (nothing in proto/ compiles to it)`);
    else {
      const [want, have] = await Promise.all([readFile(join(fresh, name)), readFile(join(committed, name))]);
      if (!want.equals(have)) differences.push(`different: ${path}, line ${firstDifference(want, have)}`);
    }
  }
  return differences;
}

async function files(directory) {
  if (!existsSync(directory)) return new Set();
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return new Set(
    entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join("/")),
  );
}

function firstDifference(want, have) {
  let at = 0;
  while (at < want.length && want[at] === have[at]) at += 1;
  return want.subarray(0, at).toString("latin1").split("\n").length;
}

function need(root, name) {
  if (!existsSync(join(root, name))) throw new Failure(`${name} is missing in ${root}`, `Restore ${name}.`);
}

async function runBuf(context, args, advice) {
  const { ok, output } = await run(context, args);
  if (!ok) throw new Failure(output || "buf failed without output", advice);
}

function run({ root, temporary, children, received }, args) {
  return new Promise((done) => {
    // Buf always creates cache directories. It runs in a separate process group, because its entry file waits
    // for the real program and does not forward signals.
    const child = spawn(process.execPath, [buf, ...args], {
      cwd: root,
      env: { ...process.env, BUF_CACHE_DIR: join(temporary, "cache") },
      stdio: ["ignore", "pipe", "pipe"],
      detached: process.platform !== "win32",
      windowsHide: true,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => {
        output += text;
      });
    }
    children.add(child);
    if (received() !== undefined) stop(child);
    child.on("error", (error) => {
      output += error.message;
    });
    child.on("close", (code) => {
      children.delete(child);
      done({ ok: code === 0, output: output.trimEnd() });
    });
  });
}

function stop(child) {
  try {
    if (process.platform === "win32") child.kill();
    else process.kill(-child.pid, "SIGTERM");
  } catch {
    // It has already ended.
  }
}

async function toolProblem(context) {
  if (!existsSync(buf)) return `buf is missing: ${buf}`;
  const { ok, output } = await run({ ...context, root: context.temporary }, ["--version"]);
  return ok ? undefined : `buf does not run; its program for this platform may be missing.\n${output}`;
}

async function check(name, context, problem) {
  try {
    if (problem !== undefined) throw new Failure(problem, "Run `npm ci`, with optional dependencies.");
    need(context.root, "buf.yaml");
    await checks[name](context);
    return { passed: true, report: `ok ${name}` };
  } catch (error) {
    const known = error instanceof Failure;
    const output = (known ? error.message : error.stack).replace(/^(?=.)/gm, "  ");
    const advice = known ? error.advice : "This is a fault of the check itself.";
    return { passed: false, report: `FAILED ${name}\n${output}\n  -> ${advice}` };
  }
}

async function main(root) {
  let signal;
  const children = new Set();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(name, () => {
      signal ??= name;
      for (const child of children) stop(child);
    });
  }
  const temporary = await mkdtemp(join(tmpdir(), "check-proto-"));
  try {
    const context = { root, temporary, children, received: () => signal };
    const problem = await toolProblem(context);
    const results = await Promise.all(Object.keys(checks).map((name) => check(name, context, problem)));
    if (signal !== undefined) return `stopped by ${signal}`;
    for (const { report } of results) console.log(report);
    return results.every(({ passed }) => passed) ? undefined : "the wire contract has problems";
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

const args = process.argv.slice(2);
if (args.length !== 0 && (args.length !== 2 || args[0] !== "--root")) {
  console.error("usage: node scripts/check-proto.mjs [--root <dir>]");
  process.exitCode = 2;
} else {
  const failure = await main(args.length === 0 ? home : resolve(args[1]));
  if (failure !== undefined) {
    console.error(`check-proto: ${failure}`);
    process.exitCode = 1;
  }
}
