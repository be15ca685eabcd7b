import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import * as node from "../../src/crypto/node.js";
import * as portable from "../../src/crypto/portable.js";
import { rendezvousKey } from "../../src/rendezvous/key.js";
import { spellings } from "../support/payment.js";
import { unhex } from "../support/vectors.js";

const seed = new TextEncoder().encode("RECOGNISABLE seed of 32 bytes!!!");
const payload = unhex("028ce803000000000003ac674216f3e15c761ee1");

describe.each([
  ["node", node.keyFromSeed(seed), seed],
  ["portable", portable.keyFromSeed(seed), seed],
  ["rendezvous", rendezvousKey(payload), node.sha256(payload)],
])("%s key", (_, key, secret) => {
  it.each([
    ["util.inspect", () => inspect(key)],
    [
      "util.inspect of everything",
      () => inspect(key, { showHidden: true, getters: true, depth: 9, maxArrayLength: null }),
    ],
    ["JSON.stringify", () => JSON.stringify(key)],
    ["its keys", () => JSON.stringify([Reflect.ownKeys(key), Object.entries(key), { ...key }])],
    ["a template", () => `${key}`],
    ["structuredClone", () => inspect(structuredClone(key), { showHidden: true, depth: 9 })],
  ])("reveals no private key in %s", (_, show) => {
    const shown = show();
    for (const spelling of spellings(secret)) expect(shown).not.toContain(spelling);
    expect(shown).not.toMatch(/PrivateKey|secretKey|RECOGNISABLE/);
  });

  it("has no own property", () => {
    expect(Reflect.ownKeys(key)).toEqual([]);
    expect(Object.keys(structuredClone(key))).toEqual([]);
  });
});
