import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));

test("src/contract/idna-table.ts equals the output of its script", async () => {
  const folder = await mkdtemp(join(tmpdir(), "code-intents-idna-"));
  try {
    const written = join(folder, "idna-table.ts");
    await promisify(execFile)(process.execPath, [path("scripts/idna-table.mjs"), written]);
    expect(await readFile(written, "utf8")).toBe(await readFile(path("src/contract/idna-table.ts"), "utf8"));
  } finally {
    await rm(folder, { recursive: true });
  }
});
