import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PageSize, pageSizes } from "../bench/page.mjs";
import { PackedPackage } from "./consumers/packed.js";

// Bytes, minified and gzipped. The official client is 54,700.
const budgets = { code: 22_000, envelope: 50_000, connect: 58_000 };

let packed: PackedPackage;
let pages: Record<keyof typeof budgets, PageSize>;
beforeAll(async () => {
  packed = await PackedPackage.create();
  pages = await pageSizes(await packed.install("budgets"));
});
afterAll(() => packed?.remove());

const libraries = /node_modules\/(@bufbuild|@connectrpc)\//;

describe.each(Object.entries(budgets))("a page with %s", (name, budget) => {
  const page = (): PageSize => pages[name as keyof typeof budgets];

  test("stays within its budget", () => {
    expect(page().inAll).toBeLessThanOrEqual(budget);
  });

  test("contains no Node code, no compiled schema, no signing intent, and no other protocol", () => {
    const foreign =
      /\/crypto\/node\.js$|node-sockets|transports\/node|\/ws\/|connect-node|\/gen\/|payment-intent|emulator/;
    expect(page().inputs.filter((path) => foreign.test(path))).toEqual([]);
    const other = name === "envelope" ? /browser\/connect\.js$/ : /browser\/envelope\.js$/;
    expect(page().inputs.filter((path) => other.test(path))).toEqual([]);
  });

  test("loads protobuf and Connect only when a watch begins", () => {
    expect(page().inputsAtOnce.filter((path) => libraries.test(path))).toEqual([]);
    expect(page().inputs.some((path) => libraries.test(path))).toBe(name !== "code");
    // Code splitting produces several files, which compress slightly worse than one.
    expect(page().atOnce).toBeLessThanOrEqual(budgets.code + 2_000);
  });
});
