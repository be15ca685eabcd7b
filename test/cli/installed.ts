import { readdirSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The package as it is once it is built, file by file, from the sources as they are now. */
export interface InstalledPackage {
  readonly directory: string;
  /** The target of `bin`. */
  readonly main: string;
  remove(): Promise<void>;
}

/** Lays the package out in a temporary directory; plain Node runs it from there, imports and conditions included. */
export async function installPackage(): Promise<InstalledPackage> {
  const directory = await mkdtemp(join(tmpdir(), "code-intents-cli-"));
  const dist = join(directory, "dist");
  await mkdir(dist);
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
  return {
    directory,
    main: join(dist, "cli", "main.js"),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

function sources(): string[] {
  return readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(root, "src", name));
}
