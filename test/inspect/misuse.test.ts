import { describe, expect, it } from "vitest";
import { InputError } from "../../src/index.js";
import * as inspect from "../../src/inspect/index.js";
import { MessageSchema } from "../../src/proto/messaging.js";
import { unhex, vectors } from "../support/vectors.js";

const message = unhex(vectors.intents.find(({ id }) => id === "seed-54-byte")?.messageHex ?? "");

/** Values that no argument of these functions can be. */
const nothing: readonly unknown[] = [undefined, null, 7, true, {}, [], () => 1, Symbol("x"), new Date(0)];

/** Every exported function with one invalid argument. */
const functions: Readonly<Record<string, (argument: never) => unknown>> = {
  explain: inspect.explain,
  "the options of explain": (options) => inspect.explain("00", options ?? null),
  "the first input of diff": (input) => inspect.diff(input, "00"),
  "the second input of diff": (input) => inspect.diff("00", input),
  "the options of diff": (options) => inspect.diff("00", "00", options ?? null),
  "the schema of inspectMessage": (schema) => inspect.inspectMessage(schema, message),
  "the bytes of inspectMessage": (bytes) => inspect.inspectMessage(MessageSchema, bytes),
  inspectPayload: inspect.inspectPayload,
  checkOrder: (order) => inspect.checkOrder(order, "GHEXGTE2r1PartuDip4VhDz8b2RY4xqRTRtMCUEaEXXN"),
  assertOrder: (order) => inspect.assertOrder(order, "GHEXGTE2r1PartuDip4VhDz8b2RY4xqRTRtMCUEaEXXN"),
  "the claim of checkOrder": (claim) => inspect.checkOrder({ clientSecret: "uqM86tVJL9rhqS" }, claim),
  renderExplanation: inspect.renderExplanation,
  "the options of renderExplanation": (options) =>
    inspect.renderExplanation(inspect.explain("00"), options ?? null),
  renderDifference: inspect.renderDifference,
  "the options of renderDifference": (options) =>
    inspect.renderDifference(inspect.diff("00", "00"), options ?? null),
  renderText: inspect.renderText,
  "the options of renderText": (options) =>
    inspect.renderText(inspect.inspectMessage(MessageSchema, message), options ?? null),
};

describe.each(Object.entries(functions))("an invalid argument of the explorer: %s", (name, call) => {
  it.each(nothing.map((argument) => [String(argument), argument]))(
    "%s is rejected with an InputError",
    (_text, argument) => {
      // Options can be omitted, and Date values have no own option.
      const isEmpty = typeof argument === "object" && argument !== null && !Array.isArray(argument);
      const attempt = (): unknown => call(argument as never);
      if (name.includes("options") && isEmpty) expect(attempt).not.toThrow();
      else expect(attempt).toThrow(InputError);
    },
  );
});

it("the test covers every exported function of the explorer", () => {
  const exported = Object.entries(inspect).filter(
    ([, value]) => typeof value === "function" && !/^class/.test(`${value}`),
  );
  for (const [name] of exported) {
    expect(
      Object.keys(functions).some((covered) => covered === name || covered.endsWith(` ${name}`)),
      name,
    ).toBe(true);
  }
});

describe("bytes in unusual memory", () => {
  it("are explained if they are in shared memory", () => {
    const shared = new Uint8Array(new SharedArrayBuffer(message.length));
    shared.set(message);
    expect(inspect.explain(shared).verdict).toBe("No byte is wrong.");
    expect(inspect.renderExplanation(inspect.explain(shared))).toBe(
      inspect.renderExplanation(inspect.explain(message)),
    );
  });

  it("are explained if their buffer was transferred", () => {
    const gone = new Uint8Array(message);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    expect(inspect.explain(gone).summary).toMatch(/^The input is empty/);
    expect(inspect.inspectPayload(gone).problems).toMatchObject([{ code: "truncated" }]);
  });

  it("are explained if they are a part of a larger buffer, or a Buffer", () => {
    const within = Buffer.concat([Buffer.from("ffff", "hex"), message, Buffer.from("ff", "hex")]).subarray(
      2,
      -1,
    );
    expect(inspect.explain(within).verdict).toBe("No byte is wrong.");
  });
});
