import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
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

/** Packs and unpacks the package, for the first test file of a run that asks; returns the tarball's path. */
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
    return tarball;
  });
}

/** Packs the package as published and unpacks it in a temporary directory. Call `remove` at the end. */
export class PackedPackage {
  readonly directory: string;
  /** Shared by all test files: read it, leave it as it is. */
  readonly tarball: string;

  private constructor(directory: string, tarball: string) {
    this.directory = directory;
    this.tarball = tarball;
  }

  static async create(): Promise<PackedPackage> {
    const tarball = await packOnce();
    return new PackedPackage(await mkdtemp(join(tmpdir(), "consumers-")), tarball);
  }

  /** The unpacked files. Shared by all test files: copy them, leave them as they are. */
  get files(): string {
    return join(dirname(this.tarball), "package");
  }

  /**
   * Creates a project with the package installed. It contains only the dependencies that the package and the
   * project's own package.json require, linked from the checkout. The project can add its own files.
   */
  async install(name: string, from?: string): Promise<string> {
    const project = join(this.directory, "projects", name);
    if (from === undefined) await mkdir(project, { recursive: true });
    else await cp(from, project, { recursive: true });
    const installed = join(project, "node_modules", "code-intents");
    await cp(this.files, installed, { recursive: true });
    const wanted = new Set([
      ...dependenciesOf(await readFile(join(installed, "package.json"), "utf8"), ["dependencies"]),
      ...(from === undefined
        ? []
        : dependenciesOf(await readFile(join(from, "package.json"), "utf8"), [
            "dependencies",
            "devDependencies",
          ])),
    ]);
    wanted.delete("code-intents");
    for (const dependency of wanted) {
      const link = join(project, "node_modules", dependency);
      await mkdir(dirname(link), { recursive: true });
      await symlink(join(modules, dependency), link, "junction");
    }
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
