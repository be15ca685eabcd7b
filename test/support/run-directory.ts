import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** A temporary directory that all test files of a run share. */
    runDirectory: string;
  }
}

/**
 * Creates the directory before the first test file of a run. Returns a function that removes it after the
 * last.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), "code-intents-run-"));
  project.provide("runDirectory", directory);
  return () => rm(directory, { recursive: true, force: true });
}
