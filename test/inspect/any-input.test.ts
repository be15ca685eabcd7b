import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diff, EXPLAINED_AS, explain, renderDifference, renderExplanation } from "../../src/inspect/index.js";
import { runs } from "../support/property.js";
import { unhex, vectors } from "../support/vectors.js";
import { official, restBodies } from "./official.js";
import { expectCovered, schemas } from "./support.js";

const tokens = (vectors as unknown as { webhookJwt: { token: string }[] }).webhookJwt.map(
  ({ token }) => token,
);

const change = fc.tuple(
  fc.constantFrom("set", "insert", "remove", "cut", "flip", "repeat"),
  fc.nat(),
  fc.oneof(fc.nat(255), fc.constantFrom(0, 0x7f, 0x80, 0xff, 0x0b, 0x0a, 0x2a)),
);

/** Vectors with some bytes changed, inserted, removed, repeated or cut off. */
const damaged: fc.Arbitrary<Uint8Array> = fc
  .tuple(fc.constantFrom(...official), fc.array(change, { maxLength: 5 }))
  .map(([{ hex }, changes]) => {
    const bytes = [...unhex(hex)];
    for (const [how, where, byte] of changes) {
      const at = where % (bytes.length + 1);
      if (how === "insert") bytes.splice(at, 0, byte);
      else if (how === "remove") bytes.splice(at, 1);
      else if (how === "cut") bytes.length = at;
      else if (how === "repeat") bytes.splice(at, 0, ...bytes.slice(at, at + (byte % 40)));
      else if (at < bytes.length) bytes[at] = how === "set" ? byte : (bytes[at] ?? 0) ^ (1 << (byte & 7));
    }
    return Uint8Array.from(bytes);
  });

const notations: ((bytes: Uint8Array) => string | Uint8Array)[] = [
  (bytes) => bytes,
  (bytes) => Buffer.from(bytes).toString("hex"),
  (bytes) => Array.from(bytes, (byte) => `0x${byte.toString(16)}`).join(", "),
  (bytes) => Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join(""),
  (bytes) => `[${[...bytes].join(", ")}]`,
  (bytes) => Buffer.from(bytes).toString("base64"),
  (bytes) => Buffer.from(bytes).toString("base64url"),
];

/** Text with inserted pieces and removed characters. */
const damagedText: fc.Arbitrary<string> = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(...restBodies.map(({ text }) => text), ...tokens),
      fc.tuple(damaged, fc.constantFrom(...notations.slice(1))).map(([bytes, write]) => String(write(bytes))),
    ),
    fc.array(
      fc.tuple(
        fc.nat(),
        fc.nat(3),
        fc.constantFrom(
          "",
          "{",
          "}",
          '"',
          "\\",
          "\\x",
          ".",
          "=",
          "\n",
          "0x",
          "é",
          "\ud800",
          "\u001b[31m",
          "g",
        ),
      ),
      {
        minLength: 1,
        maxLength: 4,
      },
    ),
  )
  .map(([text, changes]) =>
    changes.reduce((changed, [where, removed, piece]) => {
      const at = where % (changed.length + 1);
      return changed.slice(0, at) + piece + changed.slice(at + removed);
    }, text),
  );

const anything: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  {
    arbitrary: fc.tuple(damaged, fc.constantFrom(...notations)).map(([bytes, write]) => write(bytes)),
    weight: 5,
  },
  { arbitrary: damagedText, weight: 3 },
  fc.uint8Array({ maxLength: 120 }),
  fc.string({ unit: "grapheme", maxLength: 120 }),
  fc.json(),
);

// Control characters other than the line break could control a terminal.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the test searches for these characters
const steering = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

it("explain accepts any input without throwing, and accounts for every byte", () => {
  const types = new Set<string>();
  fc.assert(
    fc.property(anything, (input) => {
      const explanation = explain(input);
      types.add(explanation.type);
      for (const { tree } of explanation.sections) expectCovered(tree);
      for (const { section, offset } of explanation.problems) {
        expect(offset).toBeLessThanOrEqual(explanation.sections[section]?.tree.length ?? -1);
      }
      const text = renderExplanation(explanation, { width: 80 });
      expect(text).not.toMatch(steering);
      expect(text.split("\n").every((line) => [...line].length <= 80)).toBe(true);
    }),
    runs(1500),
  );
  // The inputs must vary: each of these kinds was among them.
  expect([...types]).toEqual(
    expect.arrayContaining([
      "code.messaging.v1.Message",
      "code.messaging.v1.SendMessageRequest",
      "code.messaging.v1.RequestToReceiveBill",
      "code.common.v1.Request",
      "create-intent-body",
      "webhook-token",
      "payload",
      "scan-code",
      "signature",
      "public-key",
      "nonce",
      "protobuf",
      "bytes",
    ]),
  );
});

it("explain accepts any input as any type without throwing", () => {
  fc.assert(
    fc.property(anything, fc.constantFrom(...EXPLAINED_AS, ...schemas.keys()), (input, as) => {
      for (const { tree } of explain(input, { as }).sections) expectCovered(tree);
    }),
    runs(1000),
  );
});

it("diff accepts any two inputs without throwing", () => {
  fc.assert(
    fc.property(anything, anything, (a, b) => {
      expect(diff(a, a).equal || diff(a, a).summary.startsWith("One is")).toBe(true);
      expect(renderDifference(diff(a, b))).not.toMatch(steering);
    }),
    runs(300),
  );
});

it("explain finds the same wrong byte in every notation", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...official.filter(({ type }) => type.endsWith(".Message"))),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      ({ hex }, where, bits) => {
        const bytes = unhex(hex);
        const at = where % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ bits;
        const [first, ...others] = notations.map((write) => explain(write(bytes), { as: "Message" }));
        for (const other of others) {
          expect(other.problems).toEqual(first?.problems);
          expect(other.verdict).toBe(first?.verdict);
        }
      },
    ),
    runs(150),
  );
});

describe("long input", () => {
  // Input that makes a careless pattern or parser backtrack repeatedly.
  it.each([
    "{",
    '{"a":',
    '"',
    "\\",
    "/*",
    "//",
    "eyJ",
    "=",
    "0x",
    "0x2a, ",
    " ",
    "a b ",
    "\n*\n",
    "[",
    "-",
    "1".repeat(9),
    "é",
  ])("of %j is explained in time", (piece) => {
    const text = piece.repeat(Math.ceil(60_000 / piece.length));
    for (const input of [text, `${text}x`, `{${text}}`, `{"a":"${text}`, `eyJ${text}.${text}.${text}`]) {
      expect(explain(input).sections).not.toEqual([]);
    }
  });

  it.each([[0x80], [0x0b], [0x0c], [0x00], [0x0a], [0x08], [0x0a, 0x02, 0x2a, 0x00], [0x22, 0x00]])(
    "of the bytes %s is explained in time",
    (...pattern) => {
      const bytes = Uint8Array.from({ length: 65_536 }, (_, i) => pattern[i % pattern.length] ?? 0);
      const { sections } = explain(bytes);
      expect(sections[0]?.tree.parts.reduce((sum, { length }) => sum + length, 0)).toBe(65_536);
    },
  );
});
