import { create, createRegistry, toBinary } from "@bufbuild/protobuf";
import { DurationSchema, FileDescriptorSetSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { inspectMessage } from "../../src/inspect/index.js";
import { knownTypes } from "../../src/inspect/message/meaning.js";
import { count } from "../../src/inspect/words.js";
import { MessageSchema } from "../../src/proto/messaging.js";
import { schemas } from "./support.js";

const registry = createRegistry(...schemas.values(), TimestampSchema, DurationSchema);

describe("types known by name", () => {
  it.each(Object.entries(knownTypes))(
    "include %s, which is compiled with the expected fields",
    (typeName, { wraps, says }) => {
      const message = registry.getMessage(typeName);
      expect(message).toBeDefined();
      if (wraps !== undefined)
        expect(message?.fields.map(({ name, scalar }) => [name, scalar])).toEqual([["value", 12]]);
      if (says !== undefined) expect(message?.fields.map(({ name }) => name)).toEqual(["seconds", "nanos"]);
    },
  );

  it("include every message of the protocol", () => {
    expect(Object.keys(knownTypes)).toEqual(expect.arrayContaining([...schemas.keys()]));
  });

  it("include every kind of message", () => {
    for (const { message } of MessageSchema.field ? (MessageSchema.oneofs[0]?.fields ?? []) : []) {
      expect(Object.keys(knownTypes)).toContain(message?.typeName);
    }
    expect(MessageSchema.oneofs[0]?.fields).toHaveLength(9);
  });
});

it("a type not known by name is described by its words", () => {
  expect(inspectMessage(FileDescriptorSetSchema, new Uint8Array()).meaning).toBe(
    "file descriptor set, 0 bytes",
  );
});

describe("a described instant", () => {
  it.each([
    [0n, 0, "1970-01-01T00:00:00.000Z"],
    [1_700_000_000n, 500_000_000, "2023-11-14T22:13:20.500Z"],
    [1_700_000_000n, 1, "2023-11-14T22:13:20.000000001Z"],
    [-1n, 0, "1969-12-31T23:59:59.000Z"],
    [253_402_300_799n, 999_000_000, "9999-12-31T23:59:59.999Z"],
    [2n ** 62n, 0, undefined],
    [0n, -1, undefined],
    [0n, 1_000_000_000, undefined],
  ])("%s s and %s ns", (seconds, nanos, text) => {
    const bytes = toBinary(TimestampSchema, create(TimestampSchema, { seconds, nanos }));
    const { meaning } = inspectMessage(TimestampSchema, bytes);
    expect(meaning).toBe(
      `a point in time${text === undefined ? "" : `: ${text}`}, ${count(bytes.length, "byte")}`,
    );
  });

  it("is omitted if half of it was cut off", () => {
    const bytes = toBinary(
      TimestampSchema,
      create(TimestampSchema, { seconds: 1_700_000_000n, nanos: 500_000_000 }),
    );
    expect(inspectMessage(TimestampSchema, bytes.subarray(0, -1)).meaning).toBe("a point in time, 11 bytes");
  });
});

describe("a described duration", () => {
  it.each([
    [5n, 0, "5 s"],
    [0n, 250_000_000, "0.25 s"],
    [-1n, -500_000_000, "-1.5 s"],
    [0n, -1, "-0.000000001 s"],
    [1n, -1, undefined],
    [0n, 1_000_000_000, undefined],
  ])("%s s and %s ns", (seconds, nanos, text) => {
    const bytes = toBinary(DurationSchema, create(DurationSchema, { seconds, nanos }));
    expect(inspectMessage(DurationSchema, bytes).meaning).toMatch(
      text === undefined ? /^a duration, \d/ : new RegExp(`^a duration: ${text.replace(".", "\\.")}, \\d`),
    );
  });
});
