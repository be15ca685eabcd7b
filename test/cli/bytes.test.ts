import { readFile, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeScanCode, encodeScanCode, readScanCode } from "../../src/scan-code/index.js";
import { document, order } from "./orders.js";
import { useProgram } from "./program.js";

const program = useProgram();

// The CommonJS copy: the program initializes the other one, which a process can do only once.
const { initWasm, Resvg }: typeof import("@resvg/resvg-wasm") = createRequire(import.meta.url)(
  "../../node_modules/@resvg/resvg-wasm/index.js",
);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

describe("payload", () => {
  const intent = order("payload", {});

  test.for([
    ["hex", (bytes: Uint8Array) => hex(bytes)],
    ["hex with spaces", (bytes: Uint8Array) => `0x${hex(bytes).toUpperCase().replace(/(..)/g, "$1 ")}`],
    ["base64", (bytes: Uint8Array) => Buffer.from(bytes).toString("base64")],
    ["base64url", (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url")],
    ["bytes", (bytes: Uint8Array) => bytes],
    ["an intent", () => JSON.stringify(document(intent))],
  ] as const)("decodes %s", async ([, write]) => {
    const decoded = await program.current.json(["payload", "decode", "-"], { stdin: write(intent.payload) });
    const { id, clientSecret } = intent;
    expect(decoded).toEqual({ intent: id, kind: "payment", currency: "usd", amount: "2.50", clientSecret });
  });

  test.for([
    ["a payment", ["--kind", "payment", "--currency", "usd", "--amount", "2.50"], () => hex(intent.payload)],
    ["a login", ["--kind", "login"], () => `03${"00".repeat(8)}${hex(intent.payload.subarray(9))}`],
    [
      "cash",
      ["--kind", "cash", "--quarks", "258"],
      () => `000201${"00".repeat(6)}${hex(intent.payload.subarray(9))}`,
    ],
    [
      "a tip",
      ["--kind", "tip", "--username", "getcode"],
      () => expect.stringMatching(/^0500000000676574636f64652e/),
    ],
  ] as const)("encodes %s of its parts", async ([, args, expected]) => {
    const env = { CODE_CLIENT_SECRET: intent.clientSecret };
    const { hex } = await program.current.json<{ hex: string }>(["payload", "encode", ...args], { env });
    expect(hex).toEqual(expected());
  });

  test("writes bytes to a pipe", async () => {
    const file = await program.current.write("payload.json", document(intent));
    const { stdout } = await program.current.run(["payload", "encode", file, "--format", "base64"]);
    expect(Buffer.from(stdout, "base64")).toEqual(Buffer.from(intent.payload));
    const raw = program.current.spawn("sh", [
      "-c",
      `'${process.execPath}' '${program.current.main}' payload encode ${file} --format bytes | od -An -v -tx1 | tr -d ' \\n'`,
    ]);
    expect((await raw.ended).stdout).toBe(hex(intent.payload));
  });
});

describe("scan-code", () => {
  const intent = order("code");
  beforeAll(async () => {
    const wasm = new URL("../../node_modules/@resvg/resvg-wasm/index_bg.wasm", import.meta.url);
    await initWasm(await readFile(wasm));
  });

  test("draws SVG and PNG that read back as the intent", async () => {
    const file = await program.current.write("code.json", document(intent));
    const wrote = await program.current.json<{ bytes: number }>([
      "scan-code",
      file,
      "--output",
      "code.png",
      "--size",
      "500",
    ]);
    const png = await readFile(join(program.current.directory, "code.png"));
    expect(png.length).toBe(wrote.bytes);
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([500, 500]);
    const { png: printed } = await program.current.json<{ png: string }>([
      "scan-code",
      file,
      "--format",
      "png",
      "--size",
      "500",
    ]);
    expect(Buffer.from(printed, "base64")).toEqual(png);
    const { stdout: svg } = await program.current.run(["scan-code", file]);
    const { pixels, width, height } = new Resvg(svg, { background: "black" }).render();
    expect(readScanCode({ data: pixels, width, height }).payload).toEqual(intent.payload);
  });

  test("decodes the bytes of a scanner, with up to six wrong bytes", async () => {
    const read = encodeScanCode(intent.payload).fill(0xff, 3, 9);
    const { correctedBytes } = decodeScanCode(read);
    const expected = { payload: hex(intent.payload), correctedBytes };
    const file = await program.current.write("scanned.txt", `0x${hex(read).replace(/(..)/g, "$1 ")}\n`);
    expect(await program.current.json(["scan-code", "--decode", file])).toEqual(expected);
    for (const stdin of [hex(read), read])
      expect(await program.current.json(["scan-code", "--decode", "-"], { stdin })).toEqual(expected);
    const short = await program.current.run(["scan-code", "--decode", "-"], { stdin: hex(read).slice(2) });
    expect({ code: short.code, stderr: short.stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("35 bytes"),
    });
  });

  test.for(["svg", "png", "txt"])(
    "writes a .%s file for its owner alone, also over another's",
    async (ending) => {
      const file = await program.current.write("code.json", document(intent));
      const path = join(program.current.directory, `owned.${ending}`);
      await writeFile(path, "", { mode: 0o644 });
      const format = ending === "txt" ? ["--format", "terminal"] : [];
      await program.current.json(["scan-code", file, "--output", path, "--force", ...format]);
      const { mode, size } = await stat(path);
      expect({ mode: mode & 0o777, empty: size === 0 }).toEqual({ mode: 0o600, empty: false });
    },
  );

  test("draws a readable code of the smallest size", async () => {
    const file = await program.current.write("code.json", document(intent));
    const { svg } = await program.current.json<{ svg: string }>(["scan-code", file, "--size", "100"]);
    const { pixels, width, height } = new Resvg(svg, { background: "black" }).render();
    expect(width).toBe(100);
    expect(readScanCode({ data: pixels, width, height }).payload).toEqual(intent.payload);
  });

  test("selects the format by the extension, and overwrites nothing", async () => {
    const file = await program.current.write("code.json", document(intent));
    await program.current.run(["scan-code", file, "--output", "ending.svg"]);
    expect(await readFile(join(program.current.directory, "ending.svg"), "utf8")).toMatch(/^<svg/);
    expect((await program.current.run(["scan-code", file, "--output", "ending.svg"])).code).toBe(2);
  });
});

describe("explain and diff", () => {
  test("read a file, standard input or the argument itself", async () => {
    const message = hex(order("explained").toBinary());
    const file = await program.current.write("message.txt", message);
    const binary = order("explained").toBinary();
    const inputs = [
      program.current.json<{ type: string }>(["explain", message]),
      program.current.json<{ type: string }>(["explain", file]),
      program.current.json<{ type: string }>(["explain", "--file", file]),
      program.current.json<{ type: string }>(["explain", "-"], { stdin: message }),
      program.current.json<{ type: string }>(["explain", "-"], { stdin: binary }),
    ];
    for (const { type } of await Promise.all(inputs)) expect(type).toBe("code.messaging.v1.Message");
    expect(await program.current.json(["diff", message, "-"], { stdin: binary })).toMatchObject({
      equal: true,
    });
  });

  test("warn about a payload on the command line", async () => {
    const payload = hex(order("shown").payload);
    expect((await program.current.run(["explain", payload])).stderr).toContain("private key");
    expect((await program.current.run(["explain", "-"], { stdin: payload })).stderr).toBe("");
  });
});
