import { FileDescriptorProtoSchema, StructSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { expect, it } from "vitest";
import { inspectMessage, inspectPayload, renderText } from "../../src/inspect/index.js";
import { runs } from "../support/property.js";
import { unhex, vectors } from "../support/vectors.js";
import { allNodes, expectCovered, schemaOf, schemas } from "./support.js";

// Includes schemas with maps, packed lists, groups and recursive messages.
const everySchema = [...schemas.values(), StructSchema, FileDescriptorProtoSchema];

const valid: Uint8Array[] = [
  ...vectors.intents.flatMap(({ messageHex, sendMessageRequestHex }) => [messageHex, sendMessageRequestHex]),
  ...vectors.otherMessages.flatMap(({ messageHex, requestHex, responseHex }) => [
    messageHex,
    requestHex,
    responseHex,
  ]),
]
  .filter((hex) => hex !== undefined)
  .map(unhex);

const interesting = fc.oneof(
  fc.nat(255),
  fc.constantFrom(0x00, 0x7f, 0x80, 0xff, 0x0b, 0x0c, 0x0a, 0x0e, 0x08),
);

/** Valid bytes with some bytes changed, inserted, removed or cut off. */
const mutated: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.constantFrom(...valid),
    fc.array(fc.tuple(fc.constantFrom("set", "insert", "remove", "cut", "flip"), fc.nat(), interesting), {
      minLength: 1,
      maxLength: 5,
    }),
  )
  .map(([bytes, changes]) => {
    const numbers = [...bytes];
    for (const [change, where, byte] of changes) {
      const at = where % (numbers.length + 1);
      if (change === "insert") numbers.splice(at, 0, byte);
      else if (change === "remove") numbers.splice(at, 1);
      else if (change === "cut") numbers.length = at;
      else if (at < numbers.length)
        numbers[at] = change === "set" ? byte : (numbers[at] ?? 0) ^ (1 << (byte & 7));
    }
    return Uint8Array.from(numbers);
  });

it("the inspector reads changed messages without throwing, and covers every byte", () => {
  fc.assert(
    fc.property(
      mutated,
      fc.constantFrom("code.messaging.v1.Message", "code.messaging.v1.SendMessageRequest"),
      (bytes, name) => {
        const tree = inspectMessage(schemaOf(name), bytes);
        expectCovered(tree);
        expect(renderText(tree)).toBe(renderText(tree));
      },
    ),
    runs(4000),
  );
});

it("the inspector reads any bytes as any message without throwing, and covers every byte", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.array(interesting, { maxLength: 200 }).map((a) => Uint8Array.from(a)),
  );
  fc.assert(
    fc.property(fc.constantFrom(...everySchema), bytes, (schema, input) => {
      const tree = inspectMessage(schema, input);
      expectCovered(tree);
      expect(Buffer.concat(tree.parts.map((part) => part.bytes)).equals(input)).toBe(true);
      renderText(tree);
    }),
    runs(4000),
  );
});

it("the inspector reads any bytes as a payload without throwing, and covers every byte", () => {
  const anyKind = fc
    .tuple(fc.nat(6), fc.uint8Array({ maxLength: 24 }))
    .map(([kind, rest]) => Uint8Array.from([kind, ...rest]));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 24 }), anyKind), (input) => {
      const tree = inspectPayload(input);
      expectCovered(tree);
      expect(tree.problems.some(({ kind }) => kind === "malformed")).toBe(
        tree.problems.length > 0 && tree.problems.some(({ code }) => code !== "payload_filler"),
      );
      renderText(tree);
    }),
    runs(4000),
  );
});

it("the inspector does not change its input", () => {
  const bytes = valid[0]?.slice() ?? new Uint8Array();
  renderText(inspectMessage(schemaOf("code.messaging.v1.Message"), bytes));
  expect(bytes).toEqual(valid[0]);
});

it.each([
  ["many varints that are too long", 0x80],
  ["many group starts", 0x0b],
  ["many group ends", 0x0c],
  ["many fields with number 0", 0x00],
  ["many empty strings", 0x0a],
])("the inspector takes time in proportion to the input's length: %s", (_what, byte) => {
  const started = performance.now();
  const tree = inspectMessage(
    schemaOf("code.messaging.v1.RendezvousKey"),
    new Uint8Array(100_000).fill(byte),
  );
  expect(tree.parts.reduce((sum, { length }) => sum + length, 0)).toBe(100_000);
  expect(performance.now() - started).toBeLessThan(60_000);
});

it("the inspector follows nested messages to a depth of 100 only", () => {
  // Struct contains Value contains Struct: fields { key "", value { struct_value { ... } } }
  const nested = (levels: number): Uint8Array => {
    let bytes = new Uint8Array();
    for (let i = 0; i < levels; i++) {
      for (const tag of [0x2a, 0x12, 0x0a]) {
        const length =
          bytes.length < 128 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7];
        bytes = Uint8Array.from([tag, ...length, ...bytes]);
      }
    }
    return bytes;
  };
  const fits = inspectMessage(StructSchema, nested(49));
  expectCovered(fits);
  expect(fits.problems).toEqual([]);
  const tooDeep = inspectMessage(StructSchema, nested(60));
  expectCovered(tooDeep);
  expect(tooDeep.problems.map(({ code }) => code)).toEqual(["too_deep"]);
  expect(
    allNodes(tooDeep).some(({ meaning }) => meaning.startsWith("a message nested too deep to read")),
  ).toBe(true);
  expect(
    renderText(tooDeep)
      .split("\n")
      .every((line) => line.length <= 110),
  ).toBe(true);
});
