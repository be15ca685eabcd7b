import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const script = fileURLToPath(new URL("../../scripts/set-repository.mjs", import.meta.url));
let root: string;

const read = (name: string) => readFileSync(join(root, name), "utf8");
const run = (...args: string[]) =>
  spawnSync(process.execPath, [script, ...args, "--root", root], { encoding: "utf8" });

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "set-repository-"));
  execFileSync("git", ["init", "-q"], { cwd: root });
  writeFileSync(
    join(root, "package.json"),
    '{ "repository": { "url": "git+https://github.com/OWNER/code-intents.git" } }',
  );
  writeFileSync(
    join(root, "README.md"),
    "[a](https://github.com/OWNER/code-intents/blob/main/a.md) [b](https://github.com/OWNER/code-intents-b)",
  );
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

test("set-repository replaces the address everywhere, and can be run again", () => {
  for (const name of ["acme/pay", "acme/code-intents"]) {
    const { status, stdout } = run(name);
    expect(status).toBe(0);
    expect(stdout).toContain(`2 files now name https://github.com/${name}`);
    expect(read("package.json")).toContain(`git+https://github.com/${name}.git`);
    expect(read("README.md")).toContain(`https://github.com/${name}/blob/main/a.md`);
    expect(read("README.md")).toContain("https://github.com/OWNER/code-intents-b");
  }
});

test.each([[], ["acme"], ["acme/pay", "more"], ["https://github.com/acme/pay"]])(
  "set-repository rejects the arguments %j %j",
  (...args) => {
    const { status, stderr } = run(...args);
    expect(status).toBe(2);
    expect(stderr).toContain("usage:");
  },
);
