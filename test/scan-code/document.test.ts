import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { nonceFromIdempotencyKey } from "../../src/rendezvous/nonce.js";
import { encodePayload } from "../../src/rendezvous/payload.js";
import {
  encodeScanCode,
  scanCodeGeometry,
  scanCodeRings,
  toSvg,
  toTerminal,
} from "../../src/scan-code/index.js";
import { hex } from "../support/vectors.js";

const document = readFileSync(new URL("../../docs/scan-code.md", import.meta.url), "utf8");

test("the document's worked example equals the output of the functions", () => {
  const nonce = nonceFromIdempotencyKey("1234");
  const payload = encodePayload({ kind: "payment", currency: "usd", units: 1000n, nonce });
  const encoded = encodeScanCode(payload);
  const parts = [encoded.subarray(0, 13), encoded.subarray(13, 15), payload].map(hex);
  expect(document).toMatch(new RegExp(`^payload +${hex(payload)}\nencoded +${parts.join(" +")}$`, "m"));
  for (const [i, ring] of scanCodeRings(encoded).entries()) {
    expect(document).toMatch(new RegExp(`^ring ${i} +${ring.map(Number).join("")} `, "m"));
  }
  expect(document).toContain(`\n${scanCodeGeometry(encoded, { size: 200 }).arcs[0]}\n`);
});

test.each([
  ["toSvg", toSvg],
  ["toTerminal", toTerminal],
] as const)("the document names every option of %s, with its default", (name, draw) => {
  let names: string[] = [];
  try {
    draw(new Uint8Array(20), { nothing: true } as object);
  } catch (error) {
    names = /the options are (.*)$/.exec((error as Error).message)?.[1]?.split(", ") ?? [];
  }
  expect(names.length).toBeGreaterThan(1);
  const section = new RegExp(`^\\| \`${name}\` .*\n(?:\\|.*\n)+`, "m").exec(document)?.[0];
  expect([...(section ?? "").matchAll(/^\| `(\w+)` \| \S/gm)].map(([, option]) => option)).toEqual([
    name,
    ...names,
  ]);
});
