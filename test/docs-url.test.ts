import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CodeIntentsError, type ErrorCode, InputError } from "../src/index.js";
import { ScanCodeError } from "../src/scan-code/index.js";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

/** Every code of the unions in src/errors.ts. */
const source = read("src/errors.ts").replace(/\/\*\*.*?\*\//gs, "");
const codes = [...source.matchAll(/export type \w+ErrorCode =([^;]*);/g)]
  .flatMap(([, union = ""]) => [...union.matchAll(/"(\w+)"/g)])
  .map(([, code]) => code as ErrorCode);

const { homepage } = JSON.parse(read("package.json")) as { homepage?: string };
const repository = homepage?.replace(/#.*$/, "") ?? "https://github.com/OWNER/code-intents";

test("finds the codes in the unions of src/errors.ts", () => {
  expect(codes.length).toBeGreaterThan(40);
});

describe.each(codes)("docsUrl of %s", (code) => {
  test("is the address of the code's anchor in docs/errors.md", () => {
    const { docsUrl } = new CodeIntentsError(code, { message: "m" });
    expect(docsUrl).toBe(`${repository}/blob/main/docs/errors.md#${code}`);
    expect(read("docs/errors.md")).toContain(`<a id="${code}"></a>`);
  });
});

test("every error class has a docsUrl that is not enumerable", () => {
  const error = new InputError("invalid_option", "amount", "is wrong");
  expect(error.docsUrl).toMatch(/#invalid_option$/);
  expect(new ScanCodeError("unreadable").docsUrl).toMatch(/#scan_code_unreadable$/);
  expect(JSON.stringify(error)).not.toContain("docsUrl");
});
