import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { verifierFile, verifierPublicKey } from "./orders.js";
import { useProgram } from "./program.js";

const program = useProgram();

describe("keys", () => {
  test("generates a key readable by its owner only, and lists its public key in the well-known file", async () => {
    const { publicKey } = await program.current.json<{ publicKey: string }>([
      "keys",
      "generate",
      "fresh.json",
    ]);
    expect((await stat(join(program.current.directory, "fresh.json"))).mode & 0o777).toBe(0o600);
    const { stdout } = await program.current.run(["keys", "well-known", "fresh.json", verifierPublicKey]);
    expect(JSON.parse(stdout)).toEqual({ public_keys: [publicKey, verifierPublicKey] });
  });

  test("never overwrites a key", async () => {
    await program.current.write("old.json", verifierFile);
    const { code, stderr } = await program.current.run(["keys", "generate", "old.json"]);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("file_exists") });
    expect(await readFile(join(program.current.directory, "old.json"), "utf8")).toBe(verifierFile);
  });

  test("writes to a pipe, and lists the key of the environment", async () => {
    const { stdout } = await program.current.run(["keys", "generate", "-"]);
    expect(JSON.parse(stdout)).toHaveLength(64);
    const listed = await program.current.run(["keys", "well-known"], {
      env: { CODE_VERIFIER_KEY: verifierFile },
    });
    expect(JSON.parse(listed.stdout)).toEqual({ public_keys: [verifierPublicKey] });
  });
});
