import { describe, expect, it } from "vitest";

interface Sites {
  readonly read: (path: string) => string | undefined;
  readonly repository: string;
}

const { linkProblem, linksOf } = (await import(
  new URL("../../scripts/markdown.mjs", import.meta.url).href
)) as {
  linkProblem(document: string, target: string, sites: Sites): string | undefined;
  linksOf(markdown: string): string[];
};

const files: Record<string, string> = {
  "README.md": "# A\n",
  "docs/a.md":
    '# The `code`, and *more*\n\n## Twice\n\n## Twice\n\n<a id="named"></a>\n\n```sh\n# Not a heading\n```\n',
  "docs/images/a.svg": "",
  docs: "",
};
const sites: Sites = { repository: "https://github.com/acme/pay", read: (path) => files[path] };

describe("linksOf", () => {
  it("returns links, images and references, and ignores code", () => {
    const text =
      '[a](b.md) ![c](d.svg "e")\n[f]: g.md\n<img src="h.webp">\n`[i](j.md)`\n```md\n[k](l.md)\n```\n';
    expect(linksOf(text)).toEqual(["b.md", "d.svg", "h.webp", "g.md"]);
  });
});

describe("linkProblem", () => {
  it.each([
    "docs/a.md",
    "docs/",
    "docs/images/a.svg",
    "docs/a.md#the-code-and-more",
    "docs/a.md#twice-1",
    "docs/a.md#named",
    "#a",
    "https://github.com/acme/pay/blob/main/docs/a.md#named",
    "https://github.com/acme/pay/tree/main/docs",
    "https://example.com/gone#gone",
    "mailto:a@example.com",
  ])("accepts %s", (target) => {
    expect(linkProblem("README.md", target, sites)).toBeUndefined();
  });

  it.each([
    ["gone.md", "no such file"],
    ["docs/a.md#twice-2", "no such anchor"],
    ["docs/a.md#not-a-heading", "no such anchor"],
    ["#b", "no such anchor"],
    ["https://github.com/acme/pay/blob/main/gone.md", "no such file"],
    ["https://github.com/acme/pay/blob/main/docs/a.md#gone", "no such anchor"],
  ])("reports %s: %s", (target, problem) => {
    expect(linkProblem("README.md", target, sites)).toBe(`${problem}: ${target}`);
  });

  it("resolves a relative link from the folder of its document", () => {
    expect(linkProblem("docs/a.md", "../README.md#a", sites)).toBeUndefined();
    expect(linkProblem("docs/a.md", "docs/a.md", sites)).toBe("no such file: docs/a.md");
  });
});
