import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, onTestFinished, test } from "vitest";
import { removeAbandoned } from "../support/run-directory.js";

test("a run removes the directories of runs whose process has ended, and no others", async () => {
  const parent = await mkdtemp(join(tmpdir(), "abandoned-"));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  const ended = spawn(process.execPath, ["-e", "0"]);
  await once(ended, "close");
  const lay = async (name: string, owner?: number) => {
    await mkdir(join(parent, name, "packed"), { recursive: true });
    if (owner !== undefined) await writeFile(join(parent, name, "owner.pid"), String(owner));
  };
  await lay("code-intents-run-ended", ended.pid);
  await lay("code-intents-run-running", process.pid);
  await lay("code-intents-run-starting");
  await lay("code-intents-run-old");
  await utimes(join(parent, "code-intents-run-old"), 0, 0);
  await lay("of-another-program", ended.pid);
  await removeAbandoned(parent);
  expect((await readdir(parent)).sort()).toEqual([
    "code-intents-run-running",
    "code-intents-run-starting",
    "of-another-program",
  ]);
});

test("the directory of this run names its process", async () => {
  expect(await readdir(inject("runDirectory"))).toContain("owner.pid");
});
