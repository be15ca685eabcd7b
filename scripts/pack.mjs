// Packs the package as for publishing, but in a copy of the checkout, so that this checkout does not change
// and runs can overlap.
//
//   node scripts/pack.mjs <directory>
//
// Puts the tarball into the directory and prints its path.

import { spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import { cp, mkdtemp, readdir, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Prefix of the copy's name. No published file may mention it. */
export const COPY_PREFIX = "code-intents-pack-";

// The script `prepack` builds dist.
const notCopied = new Set([".git", "coverage", "dist"]);

/** node_modules is linked instead, and those of the examples are not needed. */
function isCopied(path) {
  return basename(path) !== "node_modules" && !notCopied.has(relative(root, path));
}

/** Packs into an existing directory. Resolves to the path of the tarball. */
export async function pack(directory) {
  const temporary = await mkdtemp(join(tmpdir(), COPY_PREFIX));
  try {
    await cp(root, temporary, { recursive: true, filter: isCopied });
    await symlink(join(root, "node_modules"), join(temporary, "node_modules"), "junction");
    const target = resolve(directory);
    await npm(["pack", "--silent", "--offline", "--ignore-scripts=false", "--pack-destination", target], {
      cwd: temporary,
      env: outsideOfScripts(process.env),
    });
    const tarballs = (await readdir(target)).filter((name) => name.endsWith(".tgz"));
    if (tarballs.length !== 1) throw new Error(`expected one tarball in ${target}: ${tarballs.join(", ")}`);
    return join(target, tarballs[0]);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/**
 * Returns the environment without the variables by which npm describes the current package to its scripts.
 */
function outsideOfScripts(env) {
  const told =
    /^(npm_(package|lifecycle)_.*|npm_config_(local_prefix|dry_run|json|silent)|npm_command|INIT_CWD)$/i;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !told.test(name)));
}

function npm(args, options) {
  return new Promise((done, failed) => {
    const child = spawn("npm", args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => {
        output += text;
      });
    }
    child.on("error", (error) => failed(new Error(`cannot run npm: ${error.message}`)));
    child.on("close", (code) => {
      if (code === 0) done();
      else failed(new Error(`npm pack failed (${code}):\n${output.trim()}`));
    });
  });
}

const program = process.argv[1];
if (program !== undefined && realpathSync(program) === fileURLToPath(import.meta.url)) {
  try {
    const [directory, ...more] = process.argv.slice(2);
    if (directory === undefined || more.length > 0)
      throw new Error("usage: node scripts/pack.mjs <directory>");
    if (!(await stat(directory)).isDirectory()) throw new Error(`not a directory: ${directory}`);
    console.log(await pack(directory));
  } catch (error) {
    console.error(`pack: ${error.message}`);
    process.exitCode = 1;
  }
}
