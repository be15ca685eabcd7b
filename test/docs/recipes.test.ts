import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const root = new URL("../../", import.meta.url);
const document = readFileSync(new URL("docs/recipes.md", root), "utf8");
// Excerpts that `npm run check:docs` cannot run, because they need the packages of their folder. The gate runs the folder.
const excerpts = [...document.matchAll(/^```typescript (\S+)\n([\s\S]*?)^```$/gm)];

it("shows the excerpts of both of Nest's platforms", () => {
  expect(excerpts.map(([, file]) => file)).toEqual([
    "examples/nest/src/express.ts",
    "examples/nest/src/fastify.ts",
  ]);
});

it.each(excerpts.map(([, file = "", code = ""]) => [file, code] as const))(
  "is exactly as in %s",
  (file, code) => {
    expect(readFileSync(new URL(file, root), "utf8")).toContain(code);
  },
);
