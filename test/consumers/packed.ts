import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { oncePerRun } from "../support/once-per-run.js";

/** The root of the checkout. */
export const repository: string = fileURLToPath(new URL("../..", import.meta.url));

const modules = join(repository, "node_modules");

/** The output and exit code of a program. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, without the environment variables of the test runner. */
export function run(command: string, args: readonly string[], cwd: string): Promise<Run> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(NODE_|VITEST|TEST$|FORCE_COLOR|CODE_)/.test(name)),
  );
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/**
 * Packs the package and installs it with its dependencies, for the first test file of a run that asks. Returns
 * the tarball's path.
 */
function packOnce(): Promise<string> {
  return oncePerRun("packed", async (directory) => {
    const packing = await run(
      process.execPath,
      [join(repository, "scripts", "pack.mjs"), directory],
      directory,
    );
    if (packing.code !== 0) throw new Error(packing.stderr);
    const tarball = packing.stdout.trim();
    const unpacking = await run("tar", ["-xzf", tarball, "-C", directory], directory);
    if (unpacking.code !== 0) throw new Error(unpacking.stderr);
    const installed = installedAt(directory);
    await mkdir(dirname(installed));
    await rename(join(directory, "package"), installed);
    const manifest = await readFile(join(installed, "package.json"), "utf8");
    await linkDependencies(directory, dependenciesOf(manifest, ["dependencies"]));
    return tarball;
  });
}

function installedAt(directory: string): string {
  return join(directory, "node_modules", "code-intents");
}

/** Links dependencies from the checkout. */
async function linkDependencies(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const link = join(directory, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(modules, name), link, "junction");
  }
}

/** The package as published, installed for the projects of a test file. Call `remove` at the end. */
export class PackedPackage {
  /** A directory for the test file. What is in it resolves the package and its dependencies. */
  readonly directory: string;
  /** Shared by all test files: read it, leave it as it is. */
  readonly tarball: string;

  private constructor(directory: string, tarball: string) {
    this.directory = directory;
    this.tarball = tarball;
  }

  static async create(): Promise<PackedPackage> {
    const tarball = await packOnce();
    return new PackedPackage(await mkdtemp(join(dirname(tarball), "consumers-")), tarball);
  }

  /** The installed files. Shared by all test files: copy them, leave them as they are. */
  get files(): string {
    return installedAt(dirname(this.tarball));
  }

  /**
   * Creates a project with the package installed. All projects share the package and its dependencies, as the
   * workspaces of npm do. Only the project sees what its own package.json requires beyond them, linked from the
   * checkout. The project can add its own files.
   */
  async install(name: string, from?: string): Promise<string> {
    const project = join(this.directory, "projects", name);
    if (from === undefined) {
      await mkdir(project, { recursive: true });
      return project;
    }
    await cp(from, project, { recursive: true });
    const wanted = dependenciesOf(await readFile(join(from, "package.json"), "utf8"), [
      "dependencies",
      "devDependencies",
    ]);
    await linkDependencies(
      project,
      wanted.filter((dependency) => dependency !== "code-intents"),
    );
    return project;
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

function dependenciesOf(manifest: string, fields: readonly string[]): string[] {
  const values: Record<string, object | undefined> = JSON.parse(manifest);
  return fields.flatMap((field) => Object.keys(values[field] ?? {}));
}
