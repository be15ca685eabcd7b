import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const generator = new URL("../../scripts/drawings.mjs", import.meta.url).href;
const { drawings } = (await import(generator)) as { drawings(): Record<string, string> };
const images = new URL("../../docs/images/", import.meta.url);

describe("drawings of the documents", () => {
  it("are exactly the files that `npm run docs:drawings` writes", () => {
    const written = readdirSync(images).filter((name) => name.endsWith(".svg"));
    expect(written.sort()).toEqual(Object.keys(drawings()).sort());
    for (const [name, contents] of Object.entries(drawings())) {
      expect(readFileSync(new URL(name, images), "utf8"), name).toBe(contents);
    }
  });

  it.each(Object.entries(drawings()))("%s has a name, a description, text and both themes", (_, svg) => {
    expect(svg).toMatch(/^<svg [^>]*role="img" aria-labelledby="title description"/);
    expect(svg).toMatch(/<title id="title">[^<]+<\/title>\n<desc id="description">[^<]{100,}<\/desc>/);
    expect(svg).toContain("@media (prefers-color-scheme:dark)");
    expect(svg.match(/<text /g)?.length).toBeGreaterThan(10);
    expect(svg).not.toMatch(/undefined|NaN/);
  });

  it.each(Object.entries(drawings()))("%s has legible text on every fill in both themes", (_, svg) => {
    const themes = [...svg.matchAll(/svg\{([^}]+)\}/g)].map(([, rules = ""]) =>
      Object.fromEntries([...rules.matchAll(/--(\w+):(#\w{6})/g)].map(([, name, colour]) => [name, colour])),
    );
    expect(themes).toHaveLength(2);
    for (const { ink = "", muted = "", line = "", ground = "", ...tints } of themes) {
      for (const tint of [ground, ...Object.values(tints)]) {
        expect(contrast(ink, tint ?? ""), `${ink} on ${tint}`).toBeGreaterThan(4.5);
      }
      expect(contrast(muted, ground)).toBeGreaterThan(4.5);
      expect(contrast(line, ground)).toBeGreaterThan(3);
    }
  });
});

/** Returns the contrast ratio of WCAG 2. */
function contrast(one: string, other: string): number {
  const luminance = (colour: string) => {
    const [red = 0, green = 0, blue = 0] = (colour.match(/[\da-f]{2}/g) ?? [])
      .map((part) => Number.parseInt(part, 16) / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}
