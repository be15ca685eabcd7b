/**
 * The byte tables of the documents are what the explorer says of bytes that the code makes: `vitest -u` writes them anew,
 * otherwise they have to be equal.
 */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { marksOf, proseOf, withBlocks } from "./blocks.js";
import { inputs, intents, values } from "./conversation.js";

const folder = new URL("../../docs/", import.meta.url);
const documents = readdirSync(folder)
  .filter((name) => name.endsWith(".md"))
  .map((name) => ({ name, text: readFileSync(new URL(name, folder), "utf8") }))
  .filter(({ text }) => marksOf(text).length > 0);

it("explains bytes in docs/protocol.md and docs/rendezvous.md", () => {
  expect(documents.map(({ name }) => name)).toEqual(["protocol.md", "rendezvous.md"]);
});

describe.each(documents)("docs/$name", ({ name, text }) => {
  it("shows what the explorer says today", async () => {
    await expect(withBlocks(text)).toMatchFileSnapshot(`../../docs/${name}`);
  });

  it("names no key, id or hash that its blocks do not show", () => {
    const shown = withBlocks(text).replaceAll(/\s+/g, "");
    const long = /`(?:0x)?([0-9a-f]{16,}|[1-9A-HJ-NP-Za-km-z]{32,88})`/g;
    const mentioned = [...proseOf(text).matchAll(long)].map(([, value = ""]) => value);
    expect(mentioned.filter((value) => !shown.replaceAll(`\`${value}\``, "").includes(value))).toEqual([]);
  });
});

it("names each of the 54 bytes of the message once, and as it is", () => {
  const { text = "" } = documents.find(({ name }) => name === "protocol.md") ?? {};
  const rows = [...text.matchAll(/^\| (\d+)(?: to (\d+))? \| `([0-9a-f ]+)`(?: … `([0-9a-f ]+)`| …)? \|/gm)];
  const message = Buffer.from(inputs.message ?? "");
  let next = 0;
  for (const [, first, last = first, start = "", end = ""] of rows) {
    expect(Number(first)).toBe(next);
    next = Number(last) + 1;
    const bytes = message.subarray(Number(first), next).toString("hex");
    expect(bytes.startsWith(start.replaceAll(" ", "")) && bytes.endsWith(end.replaceAll(" ", ""))).toBe(true);
  }
  expect(next).toBe(54);
});

it("has no input that no document shows", () => {
  const marks = documents.flatMap(({ text }) => marksOf(text));
  const shown = new Set(marks.flatMap((mark) => mark.split(" ").slice(1)));
  const named = [...Object.keys(inputs), ...Object.keys(intents), ...Object.keys(values)];
  expect(named.filter((name) => !shown.has(name))).toEqual([]);
});
