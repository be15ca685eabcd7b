import { describe, expect, test } from "vitest";
import { document, order } from "./orders.js";
import { useProgram } from "./program.js";

const program = useProgram();

const message = Buffer.from(order("explained").toBinary());
const hex = message.toString("hex");
/** The message with another amount. */
const withAmount = (amount: number): string =>
  hex.slice(0, -16) + Buffer.from(new Float64Array([amount]).buffer).toString("hex");

/** Returns the exit code and the output of explain or diff. */
async function ended(args: readonly string[], stdin = ""): Promise<{ code: number | null; said: string }> {
  const { code, stdout, stderr } = await program.current.run(args, { stdin });
  return { code, said: `${stdout}${stderr}`.replace(/\s+/g, " ") };
}

describe("explain", () => {
  const wrong = hex.replace(/^2a/, "32");
  test.for([
    ["hex", wrong],
    ["hex with 0x", wrong.replace(/../g, "0x$&, ")],
    ["base64", Buffer.from(wrong, "hex").toString("base64")],
  ] as const)("says the same of an argument, a file and standard input: %s", async ([name, text]) => {
    const file = await program.current.write(`${name}.txt`, `${text}\n`);
    const [argument, ...others] = await Promise.all([
      ended(["explain", text]),
      ended(["explain", file]),
      ended(["explain", "--file", file]),
      ended(["explain", "-"], text),
    ]);
    expect(argument.code).toBe(5);
    expect(argument.said).toContain("First wrong: byte 0: expected 2a, the tag of request_to_receive_bill");
    for (const other of others) expect(other).toEqual(argument);
    const asMessage = await ended(["explain", file, "--as", "Message"]);
    expect(asMessage.said).toContain("First wrong: byte 0: expected 2a");
  });

  test.for([
    ["a message", hex, 0],
    ["the JSON of its Buffer", JSON.stringify(message), 0],
    ["a request alone", hex.slice(4), 0],
    ["a wrong byte", wrong, 5],
    ["a doubtful amount", withAmount(2.505), 5],
    ["a float widened to a double", withAmount(Math.fround(2.55)), 5],
    ["bytes of no known type", "ffffffffffffffffffffffff", 5],
    ["fields of no known message", "f2ff030401020304f8ff0305", 5],
    ["a JSON object of no known type", '{"success":true}', 5],
    ["text", "not bytes at all", 5],
  ] as const)("ends with what the documentation promises: %s", async ([, input, code]) => {
    expect((await ended(["explain", "-"], input)).code).toBe(code);
  });

  test("exits with 0 if --as names the type of unknown input", async () => {
    expect((await ended(["explain", '{"success":true}', "--as", "json-object"])).code).toBe(0);
    expect((await ended(["explain", "f2ff030401020304f8ff0305", "--as", "protobuf"])).code).toBe(0);
  });
});

describe("a missing file", () => {
  test.for([
    ["explain", ["explain", "mesage.hex"]],
    ["explain, in a folder", ["explain", "./build/message"]],
    ["explain, as a message", ["explain", "mesage.hex", "--as", "Message"]],
    ["diff, as the first", ["diff", "mesage.hex", hex]],
    ["diff, as the second", ["diff", hex, "ours.json"]],
  ] as const)("is reported: %s", async ([, args]) => {
    const { code, said } = await ended(args);
    expect(code).toBe(2);
    expect(said).toMatch(/error: \S+ is neither a file nor bytes in a known notation code: unusable_input/);
  });

  test.for([
    ["base64 with a slash", Buffer.from(message).fill(0xff, 6, 38).toString("base64")],
    ["JSON", '{"a.b":"c/d"}'],
    ["hex that goes wrong", `${hex.slice(0, 30)}O${hex.slice(31)}`],
    ["words", "not bytes at all"],
  ] as const)("is not suspected behind %s", async ([, input]) => {
    expect((await ended(["explain", input])).said).not.toContain("is neither a file");
  });
});

test("diff reports that a request has no Message around it", async () => {
  const intent = await program.current.write("intent.json", document(order("lacking")));
  const inner = Buffer.from(order("lacking").toBinary()).subarray(2).toString("hex");
  const { code, said } = await ended(["diff", intent, inner]);
  expect(code).toBe(5);
  expect(said).toContain(
    "the request has no Message around it there, but has one here: the tag and length 2a 34",
  );
});

test("diff exits with 5 if both inputs are the same and the sequencer refuses them", async () => {
  const unsigned = JSON.stringify({ intent: order("unsigned").id, message: "CiIKIA" });
  const { code, said } = await ended(["diff", unsigned, unsigned]);
  expect(code).toBe(5);
  expect(said).toMatch(/Here: First wrong.*There: First wrong/s);
});
