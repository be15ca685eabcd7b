import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { inject } from "vitest";

/** The result of a build, for the test files that wait for it. */
type Built = { readonly value: string; readonly error?: undefined } | { readonly error: string };

/**
 * Builds something in a directory that is removed at the end of the run. The first test file that asks
 * builds. The others, in any process, wait for its result. If the build fails, it fails for all.
 */
export async function oncePerRun(
  name: string,
  build: (directory: string) => Promise<string>,
): Promise<string> {
  const directory = join(inject("runDirectory"), name);
  const result = `${directory}.json`;
  try {
    await mkdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return unwrap(await written(result));
  }
  const built: Built = await build(directory).then(
    (value) => ({ value }),
    (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
  );
  // A rename is atomic, so no reader sees an incomplete result.
  await writeFile(`${result}.new`, JSON.stringify(built));
  await rename(`${result}.new`, result);
  return unwrap(built);
}

function unwrap(built: Built): string {
  if (built.error !== undefined) throw new Error(built.error);
  return built.value;
}

/** Waits without a limit. The test runner's time limit for hooks ends it. */
async function written(file: string): Promise<Built> {
  for (;;) {
    try {
      return JSON.parse(await readFile(file, "utf8"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      await pause(50);
    }
  }
}
