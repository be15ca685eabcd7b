import { execFile } from "node:child_process";
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Outputs } from "../../src/cli/io/outputs.js";
import { document, order } from "./orders.js";
import { useProgram } from "./program.js";

let directory: string;
const at = (name: string): string => join(directory, name);
const outputs = new Outputs((name) => at(name));
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "code-intents-outputs-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const modeOf = async (name: string): Promise<number> => (await lstat(at(name))).mode & 0o777;

describe.each([
  { force: false, way: "without --force" },
  { force: true, way: "with --force" },
])("$way", ({ force }) => {
  test("a new file is readable by its owner only", async () => {
    await outputs.write("new", "secret", { force });
    expect(await modeOf("new")).toBe(0o600);
    expect(await readFile(at("new"), "utf8")).toBe("secret");
  });

  test.each(["elsewhere", "nothing"])(
    "a symbolic link to %s is neither followed nor replaced",
    async (to) => {
      await writeFile(at("elsewhere"), "kept", { mode: 0o644 });
      await symlink(at(to), at("link"));
      await expect(outputs.write("link", "secret", { force })).rejects.toMatchObject({
        code: "file_exists",
        exitCode: 2,
        message: "link is a symbolic link, which is not followed",
      });
      expect((await lstat(at("link"))).isSymbolicLink()).toBe(true);
      expect(await readFile(at("elsewhere"), "utf8")).toBe("kept");
      expect((await readdir(directory)).sort()).toEqual(["elsewhere", "link"]);
    },
  );

  test("a directory is rejected", async () => {
    await mkdir(at("directory"));
    await expect(outputs.write("directory", "secret", { force })).rejects.toMatchObject({
      code: "file_exists",
      message: "directory is a directory",
    });
    expect(await readdir(directory)).toEqual(["directory"]);
  });

  test("a FIFO, a socket and a device are rejected, and nothing waits for a reader", async () => {
    await promisify(execFile)("mkfifo", [at("fifo")]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(at("socket"), resolve));
    const device = new Outputs(() => "/dev/null");
    try {
      const results = await Promise.allSettled([
        outputs.write("fifo", "secret", { force }),
        outputs.write("socket", "secret", { force }),
        device.write("null", "secret", { force }),
      ]);
      const message = expect.stringMatching(/ is not a regular file$/);
      const rejected = {
        status: "rejected",
        reason: expect.objectContaining({ code: "file_exists", message }),
      };
      expect(results).toEqual([rejected, rejected, rejected]);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  test("a symbolic link to the directory is followed", async () => {
    await mkdir(at("real"));
    await symlink(at("real"), at("linked"));
    await outputs.write("linked/new", "secret", { force });
    expect(await modeOf("real/new")).toBe(0o600);
    expect(await readdir(at("real"))).toEqual(["new"]);
  });

  test("a missing directory is a system error", async () => {
    await expect(outputs.write("missing/new", "secret", { force })).rejects.toMatchObject({
      code: "system_error",
      exitCode: 1,
    });
  });
});

test("an existing file is not changed without --force", async () => {
  await writeFile(at("old"), "kept", { mode: 0o644 });
  await expect(outputs.write("old", "secret", { force: false })).rejects.toMatchObject({
    code: "file_exists",
    message: "old already exists",
  });
  expect(await readFile(at("old"), "utf8")).toBe("kept");
});

test.each([0o644, 0o666, 0o777, 0o400])("--force gives a file of mode %o the mode 0600", async (mode) => {
  await writeFile(at("old"), "old");
  await chmod(at("old"), mode);
  const { ino } = await lstat(at("old"));
  await outputs.write("old", "secret", { force: true });
  const { ino: replaced } = await lstat(at("old"));
  expect(replaced).not.toBe(ino);
  expect(await modeOf("old")).toBe(0o600);
  expect(await readFile(at("old"), "utf8")).toBe("secret");
  expect(await readdir(directory)).toEqual(["old"]);
});

describe("no symbolic link is followed by", () => {
  const program = useProgram();
  const intent = order("outputs");

  test.each([
    ["create", ["create", "--from", "intent.json", "--dry-run", "--output", "link"]],
    ["keys generate", ["keys", "generate", "link"]],
    ["scan-code", ["scan-code", "intent.json", "--format", "svg", "--output", "link"]],
  ])("%s", async (_, args) => {
    const { directory: work } = program.current;
    await program.current.write("intent.json", document(intent));
    await program.current.write("elsewhere", "kept");
    await rm(join(work, "link"), { force: true });
    await symlink("elsewhere", join(work, "link"));
    for (const more of [[], ["--force"]]) {
      const { code, stdout, stderr } = await program.current.run([...args, ...more]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain("link is a symbolic link, which is not followed");
    }
    expect(await readFile(join(work, "elsewhere"), "utf8")).toBe("kept");
  });
});
