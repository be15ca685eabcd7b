import { describe, expect, test } from "vitest";
import { isLoopbackAddress, isLoopbackHost } from "../../src/lib/loopback.js";

const addresses = ["127.0.0.1", "127.255.255.255", "127.0.0.0", "127.1.20.99", "::1"];
const notEither = [
  "",
  "128.0.0.1",
  "126.255.255.255",
  "127.0.0.256",
  "127.0.0.01",
  "127.0.0",
  "127.1",
  "1127.0.0.1",
  "127.0.0.1.2",
  "127.0.0.1.example.com",
  "127.0.0.1\n",
  "0.0.0.0",
  "::",
  "::2",
  "::ffff:128.0.0.1",
  "[::1",
  "::1]",
  "10.0.0.1",
  "evil.com",
];

describe("isLoopbackHost", () => {
  test.each([
    ...addresses,
    "localhost",
    "LOCALHOST",
    "localhost.",
    "shop.localhost",
    "a.b.Localhost",
    "[::1]",
  ])("accepts %j", (host) => {
    expect(isLoopbackHost(host)).toBe(true);
  });

  test.each([
    ...notEither,
    ".localhost",
    "localhost..",
    "notlocalhost",
    "localhost.example.com",
    "localhost:80",
    "127.0.0.1:80",
    "[127.0.0.1]",
    "::ffff:127.0.0.1",
  ])("rejects %j", (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});

describe("isLoopbackAddress", () => {
  test.each([...addresses, "::ffff:127.0.0.1", "::FFFF:127.8.9.10"])("accepts %j", (address) => {
    expect(isLoopbackAddress(address)).toBe(true);
  });

  test.each([...notEither, "localhost", "[::1]", "::ffff:::1", "::ffff:", "::1:127.0.0.1", "127.evil.com"])(
    "rejects %j",
    (address) => {
      expect(isLoopbackAddress(address)).toBe(false);
    },
  );
});
