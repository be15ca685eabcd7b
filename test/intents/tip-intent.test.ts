import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TIP_PLATFORMS, TipIntent, type TipIntentOptions } from "../../src/intents/tip-intent.js";
import { decodePayload } from "../../src/rendezvous/payload.js";
import { codePoints, runs } from "../support/property.js";
import { expectRefusal } from "../support/refusal.js";
import { hex, tipVectors } from "../support/vectors.js";

/** Builds from options that may be invalid. */
const tip = (options: unknown): TipIntent => TipIntent.from(options as TipIntentOptions);

describe.each(tipVectors)("official tip vector $id", (vector) => {
  const { platform } = vector.input as { platform: { name: string; username: string } };

  it("has the same payload and key, from the official options and from plain ones", () => {
    for (const options of [
      vector.input,
      { platform },
      { platform: platform.name, username: platform.username },
    ]) {
      const intent = tip(options);
      expect(hex(intent.payload)).toBe(vector.payloadHex);
      expect(intent.id).toBe(vector.rendezvousPublicKey);
      expect([intent.platform, intent.username]).toEqual([platform.name, platform.username]);
    }
  });
});

it("the official vectors include names with and without padding, on both platforms", () => {
  expect(tipVectors.length).toBeGreaterThanOrEqual(2);
  const platforms = tipVectors.map(({ input }) => (input.platform as { name: string }).name);
  expect(new Set(platforms)).toEqual(new Set(TIP_PLATFORMS));
});

describe("a tip", () => {
  it("contains the user's name up to 15 bytes of UTF-8", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 15, unit: codePoints }), (username) => {
        fc.pre(username.length <= 15);
        const { payload } = tip({ platform: "x", username });
        expect(payload).toHaveLength(20);
        expect(hex(payload.subarray(0, 5))).toBe("0500000000");
        const name = Buffer.from(username).subarray(0, 15);
        expect(hex(payload.subarray(5, 5 + name.length))).toBe(hex(name));
        if (name.length < 15) expect(payload[5 + name.length]).toBe(0x2e);
      }),
      runs(300),
    );
    expect(decodePayload(tip({ platform: "x", username: "getcode" }).payload)).toEqual({
      kind: "tip",
      username: "getcode",
    });
  });

  it("has the same key on every platform, because the payload does not contain the platform", () => {
    const ids = TIP_PLATFORMS.map((platform) => tip({ platform, username: "getcode" }).id);
    expect(new Set(ids).size).toBe(1);
  });

  it("has no nonce, and shows everything", () => {
    const intent = tip({ platform: "x", username: "getcode" });
    const shown = { id: intent.id, kind: "tip", platform: "x", username: "getcode" };
    expect(JSON.parse(JSON.stringify(intent))).toEqual(shown);
    expect(inspect(intent)).toContain("getcode");
    expect(intent).not.toHaveProperty("clientSecret");
  });

  it("is immutable", () => {
    const options = { platform: { name: "x", username: "getcode" } };
    const intent = tip(options);
    const before = [JSON.stringify(intent), hex(intent.payload)];
    options.platform.username = "other";
    intent.payload.fill(0xee);
    for (const name of ["id", "platform", "username", "payload", "more"]) {
      expect(() => Object.assign(intent, { [name]: "x" })).toThrow(TypeError);
    }
    expect([JSON.stringify(intent), hex(intent.payload)]).toEqual(before);
  });

  it.each([
    ["no options", undefined, "invalid_option", "options"],
    ["a string", "getcode", "invalid_option", "options"],
    ["no platform", { username: "a" }, "missing_option", "platform"],
    ["a null platform", { platform: null, username: "a" }, "missing_option", "platform"],
    ["an unknown platform", { platform: "mastodon", username: "a" }, "invalid_option", "platform"],
    ["a platform in capitals", { platform: "X", username: "a" }, "invalid_option", "platform"],
    ["a platform that is a number", { platform: 1, username: "a" }, "invalid_option", "platform"],
    ["a platform that is a list", { platform: ["x"], username: "a" }, "invalid_option", "platform"],
    ["no name", { platform: "x" }, "missing_option", "username"],
    ["an empty name", { platform: "x", username: "" }, "missing_option", "username"],
    ["a name that is a number", { platform: "x", username: 1 }, "invalid_option", "username"],
    ["16 characters", { platform: "x", username: "a".repeat(16) }, "invalid_option", "username"],
    ["a lone surrogate", { platform: "x", username: "\ud800" }, "invalid_option", "username"],
    ["no platform name", { platform: { username: "a" } }, "missing_option", "platform.name"],
    [
      "an unknown platform name",
      { platform: { name: "y", username: "a" } },
      "invalid_option",
      "platform.name",
    ],
    ["no name in platform", { platform: { name: "x" } }, "missing_option", "platform.username"],
    [
      "16 characters in platform",
      { platform: { name: "x", username: "a".repeat(16) } },
      "invalid_option",
      "platform.username",
    ],
    [
      "two names",
      { platform: { name: "x", username: "a" }, username: "a" },
      "conflicting_options",
      "username",
    ],
    [
      "an unknown option in platform",
      { platform: { name: "x", user: "a" } },
      "unknown_option",
      "platform.user",
    ],
    [
      "an idempotency key",
      { platform: "x", username: "a", idempotencyKey: "k" },
      "unknown_option",
      "idempotencyKey",
    ],
    ["the mode of a login", { mode: "login", platform: "x", username: "a" }, "invalid_option", "mode"],
  ] as const)("is rejected with %s", (_, options, code, field) => {
    expectRefusal(() => tip(options), code, field);
  });
});
