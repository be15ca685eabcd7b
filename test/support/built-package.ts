import { readdirSync } from "node:fs";
import { cp, mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";
import { oncePerRun } from "./once-per-run.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The program, built from the current sources. Plain Node runs it. */
export interface BuiltProgram {
  /** A bundle, which loads in a third of the time. */
  readonly bundled: string;
  /** The target of `bin`, built file by file as in the published package. */
  readonly unbundled: string;
}

let built: Promise<BuiltProgram> | undefined;

/** Builds the program once for all test files of a run. */
export function builtProgram(): Promise<BuiltProgram> {
  built ??= Promise.all([oncePerRun("package", buildFiles), oncePerRun("program", buildBundle)]).then(
    ([unbundled, bundled]) => ({ unbundled, bundled }),
  );
  return built;
}

const shared: BuildOptions = { platform: "node", target: "node20", format: "esm", logLevel: "error" };

async function buildFiles(directory: string): Promise<string> {
  await link(directory);
  await build({
    ...shared,
    entryPoints: sources(),
    outdir: join(directory, "dist"),
    outbase: join(root, "src"),
  });
  return join(directory, "dist", "cli", "main.js");
}

async function buildBundle(directory: string): Promise<string> {
  await link(directory);
  const outdir = join(directory, "dist", "cli");
  await mkdir(outdir, { recursive: true });
  // The emulator reads its page from beside its own module.
  await symlink(join(root, "src", "emulator", "page", "assets"), join(outdir, "assets"), "dir");
  await build({
    ...shared,
    entryPoints: [join(root, "src", "cli", "main.ts")],
    outdir,
    bundle: true,
    // Keeps modules that are loaded on first use in separate files.
    splitting: true,
    // `sideEffects` in package.json names files of dist/.
    ignoreAnnotations: true,
    conditions: ["code-intents-source", "node"],
    external: ["@resvg/resvg-wasm", "bufferutil", "utf-8-validate"],
    // CommonJS modules in the bundle need a `require` for Node's own modules.
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);',
    },
  });
  return join(outdir, "main.js");
}

async function link(directory: string): Promise<void> {
  await Promise.all([
    cp(join(root, "package.json"), join(directory, "package.json")),
    symlink(join(root, "gen"), join(directory, "gen"), "dir"),
    symlink(join(root, "node_modules"), join(directory, "node_modules"), "dir"),
  ]);
}

function sources(): string[] {
  return readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(root, "src", name));
}
