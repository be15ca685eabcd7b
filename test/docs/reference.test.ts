import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const root = new URL("../../", import.meta.url);
const json = (name: string) => JSON.parse(readFileSync(new URL(name, root), "utf8"));

it("the API reference has every public entry point", () => {
  const { exports } = json("package.json") as { exports: Record<string, string | { default: string }> };
  const sources = Object.values(exports).flatMap((target) => {
    if (typeof target === "string") return [];
    return [target.default.replace("./dist/", "src/").replace(/\.js$/, ".ts")];
  });
  const { entryPoints } = json("typedoc.json") as { entryPoints: string[] };
  expect([...entryPoints].sort()).toEqual(sources.sort());
  for (const source of sources.filter((name) => !name.includes("*"))) {
    expect(existsSync(new URL(source, root)), source).toBe(true);
  }
});
