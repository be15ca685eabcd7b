import { inspect } from "node:util";
import { ConnectError } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { Emulator, memoryStore } from "../../src/emulator/index.js";
import { errorLog } from "../../src/server/error-log.js";
import { cleanUp, later } from "../support/emulated.js";
import { newKey, refusalOf, statusOf } from "../support/sequencer.js";

afterEach(cleanUp);

const HOSTILE = "bad\u001b[2J\u009b1m\u202etxt\r\n2026-01-01 forged line";
const ESCAPED = "bad\\u001b[2J\\u009b1m\\u202etxt\\u000d\\u000a2026-01-01 forged line";

/** The arguments that a logger receives for an error, and what `console` prints of the second one. */
function logged(error: unknown): { readonly data: unknown[]; readonly text: string } {
  const data: unknown[] = [];
  errorLog({ logger: { error: (...given) => void data.push(...given) } }, "server:")(error);
  return { data, text: inspect(data[1]) };
}

const forgedLine = /^2026/m;
const controls = ["\u001b", "\u009b", "\u202e", "\r"];

describe("errorLog", () => {
  it("passes an error without control characters unchanged", () => {
    for (const error of [
      new Error("plain: é"),
      new ConnectError("x"),
      new Error("a", { cause: new Error("b") }),
    ])
      expect(logged(error).data).toEqual(["server:", error]);
    const error = new AggregateError([new Error("a")], "b");
    expect(logged(error).data[1]).toBe(error);
  });

  it.each([
    ["an error", new Error(HOSTILE)],
    ["an error of Connect", new ConnectError(HOSTILE)],
    ["a TypeError", new TypeError(HOSTILE)],
    ["a cause", new Error("outer", { cause: new Error("middle", { cause: new Error(HOSTILE) }) })],
    ["an AggregateError", new AggregateError([new Error("first"), new Error(HOSTILE)], "several")],
    ["another text of an error", Object.assign(new Error("a"), { path: HOSTILE })],
    ["text", HOSTILE],
    ["a cause that is text", new Error("outer", { cause: HOSTILE })],
  ])("escapes control characters in %s", (_, error) => {
    const { text } = logged(error);
    expect(text).toContain(ESCAPED.slice(3, 12));
    expect(text).not.toMatch(forgedLine);
    for (const control of controls) expect(text).not.toContain(control);
  });

  it("keeps the class, the code and the stack of an error", () => {
    const error = Object.assign(new RangeError(HOSTILE), { code: "EHOSTILE" });
    const copy = logged(error).data[1] as typeof error;
    expect(copy).toBeInstanceOf(RangeError);
    expect(copy.message).toBe(ESCAPED);
    expect(copy.code).toBe("EHOSTILE");
    expect(copy.stack).toContain("error-log.test.ts");
    expect(copy.stack?.split("\n")[0]).toBe(`RangeError: ${ESCAPED}`);
    expect(error.message).toBe(HOSTILE);
  });

  it("escapes a stack that does not contain the message, and an error without a stack", () => {
    const error = new Error("plain");
    error.stack = `Error: \u001b[2J\n    at file`;
    expect(logged(error).data[1]).toMatchObject({ stack: "Error: \\u001b[2J\n    at file" });
    const bare = new Error(HOSTILE);
    delete bare.stack;
    expect(logged(bare).data[1]).toMatchObject({ message: ESCAPED });
  });

  it("ends at a circle of causes", () => {
    const error: Error = new Error(HOSTILE);
    error.cause = error;
    const copy = logged(error).data[1] as Error;
    expect(copy.message).toBe(ESCAPED);
    expect((copy.cause as Error).message).toBe(ESCAPED);
  });

  it.each([undefined, null, 7, { message: "x" }])("passes %j unchanged", (error) => {
    expect(logged(error).data).toEqual(["server:", error]);
  });
});

it("an emulator's logger receives no control characters of a failure", async () => {
  const lines: string[] = [];
  const store = Object.assign(memoryStore(), {
    transaction: async () => {
      throw new Error(HOSTILE);
    },
  });
  const logger = { error: (...data: unknown[]) => void lines.push(data.map(String).join(" ")) };
  const emulator = await Emulator.start({ store, logger });
  later(() => emulator.close());
  expect(await refusalOf(statusOf(emulator, newKey()))).toEqual({ code: "Internal", text: "" });
  expect(lines).toEqual([`code-intents emulator: Error: ${ESCAPED}`]);
});
