import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

interface Place {
  readonly kind: string;
  readonly line: number;
  readonly text: string;
}

const folder = new URL("../../scripts/voice/", import.meta.url);
const { placesOf } = (await import(new URL("places.mjs", folder).href)) as {
  placesOf(file: string, read: () => string): Place[] | undefined;
};
const { findings } = (await import(new URL("words.mjs", folder).href)) as {
  findings(file: string, place: Place): { line: number; problem: string }[];
};

function check(file: string, text: string): string[] {
  return (placesOf(file, () => text) ?? [])
    .flatMap((place) => findings(file, place))
    .map(({ line, problem }) => `${line} ${problem}`);
}

describe("check-voice", () => {
  it.each([
    ["a paragraph of a document, over a line break", "docs/a.md", "# A\n\nIt has a store of\nits own.\n", 3],
    ["a row of a table", "README.md", "| a | b |\n|---|---|\n| 1 | nobody |\n", 3],
    ["a comment in a snippet of a document", "docs/a.md", '```ts\nconst a = "b"; // mend it\n```\n', 2],
    ["the README of an example", "examples/a/README.md", "Whoever pays.\n", 1],
    ["a line comment", "src/a.ts", "\n// Nobody calls it.\nconst a = 1;\n", 2],
    ["a comment over two lines", "src/a.ts", "// It is of\n// its own.\nconst a = 1;\n", 1],
    ["a comment before a closing brace", "src/a.ts", "function a() {\n  // in vain\n}\n", 2],
    ["a docstring of a member", "src/a.ts", "interface A {\n  /** Hears it. */\n  b: 1;\n}\n", 2],
    ["a string", "src/a.ts", 'throw new Error("somebody did it");\n', 1],
    ["a template", "src/a.ts", "const a = `the $" + "{b} breaks off`;\n", 1],
    ["a concatenation, over its parts", "src/a.ts", 'const a = "a store of " +\n  "its own";\n', 1],
    ["a call within a concatenation", "src/a.ts", 'const a = "a " + b("nobody did");\n', 1],
    ["a comment of a .proto", "proto/a.proto", "// Whoever\nmessage A {}\n", 1],
    ["a comment behind a field", "proto/a.proto", "message A {\n  bytes a = 1; // Nobody\n}\n", 2],
    ["the text of a page", "src/emulator/page/assets/a.html", "<p>\nNobody\n</p>\n", 2],
    ["a label of a page", "src/emulator/page/assets/a.html", '<p\n aria-label="Hear it">\n', 2],
    ["a text of a page's script", "src/emulator/page/assets/a.js", 'say("told of it");\n', 1],
    ["the text of a component", "examples/next/app/a.tsx", "const a = <p>in vain</p>;\n", 1],
    ["the title of a test", "test/a.test.ts", 'test("steers it", () => {});\n', 1],
    ["the title of a suite", "test/a.test.ts", 'describe("nobody", () => {});\n', 1],
    ["the title of test.each", "test/a.test.ts", 'test.each([1])("hears %s", () => {});\n', 1],
    [
      "the title of a concurrent test",
      "test/a.test.ts",
      'it.concurrent.each([1])("mends %s", () => {});\n',
      1,
    ],
    ["the output of a script", "scripts/a.mjs", 'console.log("all the same");\n', 1],
    ["a comment of the gate", ".ci/run", "#!/bin/bash\n# as somebody\n", 1],
    ["the document of the benchmarks", "bench/README.md", "Alike.\n", 1],
  ])("finds a word in %s", (_, file, text, line) => {
    const found = check(file, text);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(new RegExp(`^${line} ".+" \\(write: .+\\)$`));
  });

  it.each([
    ["identifiers", "src/a.ts", "const nobody = whoever.heardFrom;\nhear(mend);\n"],
    ["one-word values", "src/a.ts", 'const a = "nobody";\n'],
    ["imports", "src/a.ts", 'import a from "./hear it.js";\n'],
    ["types", "src/a.ts", 'type A = "nobody is";\n'],
    ["the public name heardFrom", "src/a.ts", 'const a = "see heardFrom of it"; // heardFrom\n'],
    ["code in prose", "docs/a.md", "Read `nobody` and [it](nobody.md).\n"],
    ["code blocks", "docs/a.md", "```text\nnobody\n```\n"],
    ["values in tests", "test/a.test.ts", 'test("returns it", () => check("nobody is"));\n'],
    ["compiled code", "gen/a.js", "// nobody\n"],
    ["other files", "LICENSE", "nobody\n"],
  ])("ignores %s", (_, file, text) => {
    expect(check(file, text)).toEqual([]);
  });

  it("finds comment lines over 110 columns in src, and nothing else of that width", () => {
    const wide = "a ".repeat(56);
    const text = `// ${wide}\n/**\n * ${wide}\n */\nconst a = "${wide}";\n// ${"b".repeat(107)}\n`;
    expect(check("src/a.ts", text)).toEqual([
      "1 a comment line over 110 columns",
      "3 a comment line over 110 columns",
    ]);
    expect(check("scripts/a.mjs", text)).toEqual([]);
  });

  it("exits with 1 and the count of each file when there are findings, else with 0", () => {
    const script = fileURLToPath(new URL("../../scripts/check-voice.mjs", import.meta.url));
    const directory = mkdtempSync(join(tmpdir(), "check-voice-"));
    const file = join(directory, "a.md");
    const path = relative(fileURLToPath(new URL("../..", import.meta.url)), file);
    const run = (text: string, ...args: string[]) => {
      writeFileSync(file, text);
      return spawnSync(process.execPath, [script, ...args, path], { encoding: "utf8" });
    };
    try {
      const found = run("Nobody.\n\nWhoever.\n", "--list");
      expect(found.status).toBe(1);
      expect(found.stdout).toContain(`   2  ${path}\n`);
      expect(found.stdout).toContain(`${path}:3: "Whoever" (write: name the role): Whoever.`);
      expect(found.stdout).toContain("1 files checked, 2 findings");
      const clean = run("The payer.\n");
      expect(clean).toMatchObject({ status: 0, stdout: "1 files checked, 0 findings\n" });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
