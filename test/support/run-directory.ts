import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** A temporary directory that all test files of a run share. */
    runDirectory: string;
  }
}

const PREFIX = "code-intents-run-";
const OWNER = "owner.pid";
// A run that was killed before it wrote its owner. No run lasts as long.
const LONGEST_WITHOUT_OWNER_MS = 24 * 3_600_000;

/**
 * Creates the directory before the first test file of a run, and removes those that killed runs left. Returns a
 * function that removes it after the last.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await removeAbandoned(tmpdir());
  const directory = await mkdtemp(join(tmpdir(), PREFIX));
  await writeFile(join(directory, OWNER), String(process.pid));
  project.provide("runDirectory", directory);
  return () => rm(directory, { recursive: true, force: true });
}

/** Removes the directories of runs whose process has ended. */
export async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const directory = join(parent, name);
    // Another run may remove it at the same time, and another user's directory cannot be removed.
    if (await isAbandoned(directory).catch(() => false))
      await rm(directory, { recursive: true, force: true }).catch(() => {});
  }
}

async function isAbandoned(directory: string): Promise<boolean> {
  const owner = await readFile(join(directory, OWNER), "utf8").catch(() => "");
  if (owner !== "") return !isRunning(Number(owner));
  return Date.now() - (await stat(directory)).mtimeMs > LONGEST_WITHOUT_OWNER_MS;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
