import { readdirSync } from "node:fs";
import { cp, mkdir, rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { inject } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The package, built file by file from the current sources. */
export interface BuiltPackage {
  readonly directory: string;
  /** The target of `bin`. */
  readonly main: string;
}

let built: Promise<BuiltPackage> | undefined;

/**
 * Builds the package once for all test files of a run. Plain Node runs it with its imports and conditions.
 */
export function builtPackage(): Promise<BuiltPackage> {
  built ??= shared(join(inject("runDirectory"), "package"));
  return built;
}

async function shared(directory: string): Promise<BuiltPackage> {
  const own = `${directory}.${process.pid}`;
  const done = { directory, main: join(directory, "dist", "cli", "main.js") };
  if (exists(directory)) return done;
  await lay(own);
  // If two build at the same time, the first wins: `rename` does not replace a directory with files.
  await rename(own, directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
  });
  return done;
}

async function lay(directory: string): Promise<void> {
  const dist = join(directory, "dist");
  await mkdir(dist, { recursive: true });
  await Promise.all([
    cp(join(root, "package.json"), join(directory, "package.json")),
    symlink(join(root, "gen"), join(directory, "gen"), "dir"),
    symlink(join(root, "node_modules"), join(directory, "node_modules"), "dir"),
    build({
      entryPoints: sources(),
      outdir: dist,
      outbase: join(root, "src"),
      platform: "node",
      target: "node20",
      format: "esm",
      logLevel: "error",
    }),
  ]);
}

function exists(directory: string): boolean {
  try {
    return readdirSync(directory).length > 0;
  } catch {
    return false;
  }
}

function sources(): string[] {
  return readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(root, "src", name));
}
