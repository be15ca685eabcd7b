import { describe, expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { useProgram } from "./program.js";

const program = useProgram();

describe("help", () => {
  test.for(["", "emulator", "emulator exec", "payload", "payload encode"])(
    "of '%s' is what --help prints",
    async (names) => {
      const path = names.split(" ").filter(Boolean);
      const asked = await program.current.run(["help", ...path]);
      expect(asked).toEqual(await program.current.run([...path, "--help"]));
      expect(asked).toMatchObject({ code: 0, stderr: "" });
      const usage = `Usage: ${["code-intents", ...path].join(" ")} `;
      expect(asked.stdout.slice(0, usage.length)).toBe(usage);
    },
  );

  test.for([
    ["help nothing", "create, status"],
    ["help payload nothing", "encode, decode"],
    ["help create nothing", "no subcommands"],
    ["nothing --help", "create, status"],
    ["payload nothing --help", "encode, decode"],
  ] as const)("of what does not exist is refused by its name: %s", async ([line, hint]) => {
    const args = line.split(" ");
    const { code, stdout, stderr } = await program.current.run([...args, "--json"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(JSON.parse(stderr)).toMatchObject({
      type: "error",
      code: "usage",
      message: "unknown command 'nothing'",
      hint: expect.stringContaining(hint),
    });
    const plain = await program.current.run(args);
    expect({ code: plain.code, stdout: plain.stdout }).toEqual({ code: 2, stdout: "" });
    expect(plain.stderr).toContain("error: unknown command 'nothing'");
  });

  test("is a JSON document with --json, like the version", async () => {
    const { stdout: text } = await program.current.run(["create", "--help"]);
    expect(await program.current.json(["help", "create"])).toEqual({ help: text });
    expect(await program.current.json(["create", "--help"])).toEqual({ help: text });
    expect(await program.current.json(["--version"])).toEqual({ version: manifest.version });
  });
});
