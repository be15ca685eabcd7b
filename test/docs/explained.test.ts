/**
 * The byte tables of the documents must equal the explorer's output for bytes that the code makes.
 * `vitest -u` writes them again.
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

it("docs/protocol.md and docs/rendezvous.md explain bytes", () => {
  expect(documents.map(({ name }) => name)).toEqual(["protocol.md", "rendezvous.md"]);
});

describe.each(documents)("docs/$name", ({ name, text }) => {
  it("contains the explorer's current output", async () => {
    await expect(withBlocks(text)).toMatchFileSnapshot(`../../docs/${name}`);
  });

  it("names only keys, ids and hashes that its blocks contain", () => {
    const shown = withBlocks(text).replaceAll(/\s+/g, "");
    const long = /`(?:0x)?([0-9a-f]{16,}|[1-9A-HJ-NP-Za-km-z]{32,88})`/g;
    const mentioned = [...proseOf(text).matchAll(long)].map(([, value = ""]) => value);
    expect(mentioned.filter((value) => !shown.replaceAll(`\`${value}\``, "").includes(value))).toEqual([]);
  });
});

it("names each of the 54 bytes of the message once, with its value", () => {
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

it("every input of conversation.ts appears in a document", () => {
  const marks = documents.flatMap(({ text }) => marksOf(text));
  const shown = new Set(marks.flatMap((mark) => mark.split(" ").slice(1)));
  const named = [...Object.keys(inputs), ...Object.keys(intents), ...Object.keys(values)];
  expect(named.filter((name) => !shown.has(name))).toEqual([]);
});
