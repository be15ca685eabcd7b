// Packs the package and checks the tarball with the tools that consumers use.
//
//   node scripts/check-package.mjs [--tarball <file>]

import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, join, posix, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { linkProblem, linksOf, repositoryOf } from "./markdown.mjs";
import { COPY_PREFIX, pack } from "./pack.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

// Resolves to the sources, which are not published. No consumer sets it.
const PRIVATE_CONDITION = "code-intents-source";

// Files that the build copies and the emulator serves unchanged.
const PAGE_ASSETS = "emulator/page/assets/";

// Configures the type check of the page's JavaScript. Not published.
const PAGE_TSCONFIG = "emulator/page/tsconfig.json";

/** The checks. Each resolves to a list of problems. */
const checks = {
  /** Contains exactly the compiled sources, the page, gen/, proto/ and the documents. */
  async files({ files }) {
    const expected = new Set(["package.json", "README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md"]);
    for (const name of await list(join(root, "src"))) {
      if (name.startsWith(PAGE_ASSETS)) {
        expected.add(`dist/${name}`);
        continue;
      }
      if (name === PAGE_TSCONFIG) continue;
      const [, stem] = /^(.*)\.ts$/.exec(name) ?? [];
      if (stem === undefined)
        return [`src/${name} is not TypeScript; this check does not know how it is built`];
      expected.add(`dist/${stem}.js`).add(`dist/${stem}.d.ts`);
    }
    for (const folder of ["gen", "proto"]) {
      for (const name of await list(join(root, folder))) expected.add(`${folder}/${name}`);
    }
    for (const name of await list(join(root, "docs"))) {
      // docs/api is generated and not published.
      if (/^([^/]+\.md|images\/[^/]+)$/.test(name)) expected.add(`docs/${name}`);
    }
    return [
      ...[...expected].filter((name) => !files.has(name)).map((name) => `missing: ${name}`),
      ...[...files.keys()].filter((name) => !expected.has(name)).map((name) => `does not belong: ${name}`),
    ];
  },

  /** Contains every target of `exports` and `imports`, for all conditions. */
  async targets({ files, manifest }) {
    const problems = [];
    const targets = [...targetsOf(manifest.exports), ...targetsOf(manifest.imports)];
    if (targets.length === 0) problems.push("package.json has no exports");
    for (const { path, conditions } of targets) {
      if (conditions.includes(PRIVATE_CONDITION)) continue;
      const pattern = new RegExp(`^${path.slice(2).split("*").map(literal).join(".+")}$`);
      if (![...files.keys()].some((name) => pattern.test(name))) problems.push(`no file is ${path}`);
    }
    return problems;
  },

  /** Imports only files of the package and its dependencies, in code and in declarations. */
  async imports({ files, manifest }) {
    const problems = [];
    for (const [name, text] of files) {
      if (!/\.(js|d\.ts)$/.test(name)) continue;
      for (const specifier of specifiersOf(text)) {
        const problem = importProblem(name, specifier, { files, manifest });
        if (problem !== undefined) problems.push(`${name} imports ${specifier}, ${problem}`);
      }
    }
    return problems;
  },

  /** Refers from source maps only to published files. */
  async maps({ files }) {
    const problems = [];
    for (const [name, text] of files) {
      for (const [, map] of text.matchAll(/^\s*\/\/[#@] sourceMappingURL=(\S+)/gm)) {
        if (map.startsWith("data:")) problems.push(`${name} holds a source map`);
        else if (!files.has(posix.join(posix.dirname(name), map)))
          problems.push(`${name} names ${map}, which is missing`);
      }
      if (!name.endsWith(".map")) continue;
      const { sources = [], sourceRoot = "" } = JSON.parse(text);
      for (const source of sources) {
        const path = posix.join(posix.dirname(name), sourceRoot, source);
        if (!files.has(path)) problems.push(`${name} maps to ${path}, which is not published`);
      }
    }
    return problems;
  },

  /**
   * Has no broken link in its documents. A relative link must lead to a file of the package, so that it works
   * in node_modules, on npm and on GitHub. A link to a file that is not published must be absolute and lead
   * to a file of this repository.
   */
  async links({ files, manifest }) {
    const problems = [];
    if (manifest.repository?.url === undefined) return ["package.json names no repository"];
    const folders = new Set([...files.keys()].map((name) => posix.dirname(name)));
    const sites = {
      repository: repositoryOf(manifest),
      read: (path) => files.get(path) ?? (folders.has(path) ? "" : undefined),
      readRepository: (path) => {
        if (!existsSync(join(root, path))) return undefined;
        return path.endsWith(".md") ? readFileSync(join(root, path), "utf8") : "";
      },
    };
    for (const [name, text] of files) {
      if (!name.endsWith(".md")) continue;
      for (const target of linksOf(text)) {
        const problem = linkProblem(name, target, sites);
        if (problem !== undefined) problems.push(`${name}: ${problem}`);
      }
    }
    return problems;
  },

  /** Mentions no path of the machine that packed it. */
  async machine({ files }) {
    const places = [root, resolve(homedir())].filter((path) => path !== resolve("/"));
    const traces = new RegExp(
      [
        ...places.map((path) => `(?<![\\w.@-])${literal(path)}(?![\\w-])`),
        literal(COPY_PREFIX),
        "\\bfile:///(?!path/)",
        "(?<![\\w.@-])/(home|Users)/\\w",
        "\\b[A-Z]:\\\\\\\\?Users\\\\",
      ].join("|"),
    );
    const problems = [];
    for (const [name, text] of files) {
      for (const [index, line] of text.split("\n").entries()) {
        const [trace] = traces.exec(line) ?? [];
        if (trace !== undefined) problems.push(`${name}, line ${index + 1}, mentions ${trace}`);
      }
    }
    return problems;
  },

  async publint({ tarball, temporary }) {
    return await runTool("publint", ["run", tarball, "--strict"], temporary);
  },

  async "types by attw"({ tarball, temporary, files, manifest }) {
    const entries = entriesOf(manifest, files);
    return await runTool(
      "@arethetypeswrong/cli",
      [
        tarball,
        "--profile=esm-only",
        "--format=ascii",
        "--no-emoji",
        "--no-color",
        "--entrypoints",
        ...entries,
      ],
      temporary,
      (output) =>
        entries
          .filter((entry) => !output.includes(`"${posix.join(manifest.name, entry)}"`))
          .map((entry) => `did not look at ${entry}`),
    );
  },
};

function importProblem(name, specifier, { files, manifest }) {
  if (specifier.startsWith("node:")) return undefined;
  if (specifier.startsWith("#")) {
    return Object.hasOwn(manifest.imports ?? {}, specifier)
      ? undefined
      : "which package.json does not define";
  }
  if (specifier.startsWith(".")) {
    const target = posix.join(posix.dirname(name), specifier);
    const wanted = name.endsWith(".d.ts") ? target.replace(/\.js$/, ".d.ts") : target;
    return files.has(wanted) ? undefined : `but there is no ${wanted}`;
  }
  const [dependency] = /^(@[^/]+\/)?[^/]+/.exec(specifier) ?? [];
  return Object.hasOwn(manifest.dependencies ?? {}, dependency) ? undefined : "which is not a dependency";
}

/** Returns the entry points of a package, with patterns expanded. */
function entriesOf(manifest, files) {
  return Object.entries(manifest.exports).flatMap(([entry, target]) => {
    if (!entry.includes("*")) return [entry];
    const [before, after] = target.default.slice(2).split("*");
    return [...files.keys()]
      .filter((name) => name.startsWith(before) && name.endsWith(after))
      .map((name) => entry.replace("*", name.slice(before.length, name.length - after.length)));
  });
}

function targetsOf(value, conditions = []) {
  if (typeof value === "string") return [{ path: value, conditions }];
  return Object.entries(value ?? {}).flatMap(([key, inner]) => targetsOf(inner, [...conditions, key]));
}

/** Returns the imports of a compiled file. The compiler always writes them in the same form. */
function specifiersOf(text) {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  return [...code.matchAll(/(?<!\.)\b(?:from\s*|import\s*\(?\s*)"([^"\n]+)"/g)].map(
    ([, specifier]) => specifier,
  );
}

function literal(text) {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

async function list(directory) {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join("/"));
}

/** Runs a tool of this repository by its entry file. Reports a missing tool as a problem. */
async function runTool(name, args, cwd, look = () => []) {
  const home = join(root, "node_modules", name);
  if (!existsSync(join(home, "package.json"))) return [`${name} is missing: ${home}. Run \`npm ci\`.`];
  const { bin } = JSON.parse(await readFile(join(home, "package.json"), "utf8"));
  const entry = typeof bin === "string" ? bin : Object.values(bin)[0];
  const { code, output } = await run(process.execPath, [join(home, entry), ...args], cwd);
  return code === 0 ? look(output) : [output.trim() || `${name} ended with ${code} and no output`];
}

function run(command, args, cwd) {
  return new Promise((done) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => {
        output += text;
      });
    }
    child.on("error", (error) => done({ code: -1, output: error.message }));
    child.on("close", (code) => done({ code, output }));
  });
}

async function unpack(tarball, directory) {
  await mkdir(directory);
  const { code, output } = await run("tar", ["-xzf", tarball, "-C", directory], directory);
  if (code !== 0) throw new Error(`tar cannot unpack ${tarball}: ${output}`);
  const home = join(directory, "package");
  const files = new Map();
  for (const name of (await list(home)).sort()) files.set(name, await readFile(join(home, name), "utf8"));
  return files;
}

async function main(given) {
  const temporary = await mkdtemp(join(tmpdir(), "check-package-"));
  try {
    const tarball = given ?? (await pack(temporary));
    const files = await unpack(tarball, join(temporary, "unpacked"));
    const manifest = JSON.parse(files.get("package.json"));
    let passed = true;
    for (const [name, check] of Object.entries(checks)) {
      const problems = await check({ tarball, temporary, files, manifest });
      console.log(problems.length === 0 ? `ok ${name}` : `FAILED ${name}`);
      for (const problem of problems) console.log(problem.replace(/^(?=.)/gm, "  "));
      passed &&= problems.length === 0;
    }
    return passed;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

const args = process.argv.slice(2);
if (args.length !== 0 && (args.length !== 2 || args[0] !== "--tarball")) {
  console.error("usage: node scripts/check-package.mjs [--tarball <file>]");
  process.exitCode = 2;
} else {
  try {
    if (!(await main(args.length === 0 ? undefined : resolve(args[1])))) {
      console.error("check-package: the package is not fit to be published");
      process.exitCode = 1;
    }
  } catch (error) {
    console.error(`check-package: ${error.message}`);
    process.exitCode = 1;
  }
}
