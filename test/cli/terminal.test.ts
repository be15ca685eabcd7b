import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Emulator } from "../../src/emulator/index.js";
import { toTerminal } from "../../src/scan-code/index.js";
import { order, registerOrder, startEmulator, verifierFile } from "./orders.js";
import { useProgram } from "./program.js";

const program = useProgram();
let emulator: Emulator;
let env: Record<string, string>;
beforeAll(async () => {
  emulator = await startEmulator();
  env = { CODE_SEQUENCER_URL: emulator.url };
});
afterAll(() => emulator?.close());

const CSI = "\x1b[";

const registered = (key: string): ReturnType<typeof registerOrder> =>
  registerOrder(emulator, program.current, key);

/** Returns what remains on the screen: every line as last rewritten. */
function screen(text: string): string {
  return text
    .split("\n")
    .map((line) => {
      const parts = line.replace(/\r+$/, "").split(`\r${CSI}K`);
      return stripVTControlCharacters(parts.at(-1) ?? "");
    })
    .join("\n");
}

describe("on a terminal", () => {
  test("create shows colors and the scan code, white on black", async () => {
    const { intent, file } = await registered("drawn");
    const { code, stdout } = await program.current.onTerminal(["create", "--from", file], {
      env,
      columns: 80,
    }).ended;
    expect(code).toBe(0);
    expect(stdout).toContain(`${CSI}1mRegistered`);
    for (const line of toTerminal(intent, { width: 64 }).split("\n"))
      expect(stdout).toContain(`${CSI}97m${CSI}40m${line}${CSI}49m${CSI}39m`);
    await expect(screen(stdout)).toMatchFileSnapshot("./golden/terminal-create.txt");
  });

  test("create reports a terminal that is too narrow for the scan code, and how to see the code", async () => {
    const { file } = await registered("narrow");
    const { code, stdout, stderr } = await program.current.run(["create", "--from", file], {
      env,
      terminal: { columns: 40, rows: 40 },
    });
    expect(code).toBe(0);
    expect(stdout + stderr).not.toMatch(/[█▀▄]/);
    const [said, warned] = [stdout, stderr].map((text) => screen(text).replace(/\s+/g, " "));
    expect(warned).toContain("too narrow for the scan code, which needs 56 columns");
    expect(said).toContain(`code-intents scan-code ${file} --output code.svg`);
  });

  test("login reports a terminal that is too narrow before it sends anything", async () => {
    const path = await program.current.write("narrow-verifier.json", verifierFile);
    const args = ["login", "--domain", "example.com", "--verifier-file", path];
    const { code, stderr } = await program.current.run(args, {
      env: { CODE_SEQUENCER_URL: "http://127.0.0.1:9" },
      terminal: { columns: 55, rows: 40 },
    });
    expect(code).toBe(1);
    expect(screen(stderr).replace(/\s+/g, " ")).toMatch(/needs 56 columns.*cannot be reached/);
  });

  test("output fits the width, and ids are not broken", async () => {
    const { intent, file } = await registered("wrapped");
    for (const columns of [60, 80, 200]) {
      const { stdout } = await program.current.run(["explain", "--file", file], {
        terminal: { columns, rows: 40 },
      });
      for (const line of screen(stdout).split("\n")) expect(line.length).toBeLessThanOrEqual(columns);
    }
    const failed = await program.current.run(["watch", file, "--timeout", "50ms"], {
      env,
      terminal: { columns: 60, rows: 40 },
    });
    expect(failed.code).toBe(3);
    const lines = screen(failed.stdout + failed.stderr).split("\n");
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(60);
    expect(lines.some((line) => line.includes(intent.id))).toBe(true);
  });

  test.for([
    [{}, [], true],
    [{ NO_COLOR: "1" }, [], false],
    [{ NO_COLOR: "" }, [], true],
    [{ TERM: "dumb" }, [], false],
    [{ FORCE_COLOR: "0" }, [], false],
    [{ NO_COLOR: "1", FORCE_COLOR: "1" }, [], true],
    [{ FORCE_COLOR: "1" }, ["--no-color"], false],
  ] as const)("with %j and %j, color: %s", async ([wishes, args, colored]) => {
    const { code, stdout } = await program.current.run(["status", order("c").id, ...args], {
      env: { ...env, TERM: "xterm-256color", ...wishes },
      terminal: { columns: 80, rows: 40 },
    });
    expect(code).toBe(6);
    expect(stdout.includes(CSI)).toBe(colored);
  });

  test("JSON is indented, and one document", async () => {
    const { stdout } = await program.current.run(["status", order("c").id, "--json"], {
      env,
      terminal: { columns: 80, rows: 40 },
    });
    expect(stdout.split("\n").length).toBeGreaterThan(5);
    expect(JSON.parse(stdout)).toMatchObject({ state: "unknown" });
  });

  test("a PNG and a private key are rejected", async () => {
    const { file } = await registered("binary");
    for (const args of [
      ["scan-code", file, "--format", "png"],
      ["payload", "encode", file, "--format", "bytes"],
      ["keys", "generate", "-"],
    ]) {
      const ended = await program.current.run(args, { terminal: { columns: 80, rows: 40 } });
      expect(ended).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("terminal") });
    }
  });
});

describe("a long wait on a terminal", () => {
  test("rewrites one line with the time waited, and removes it", async () => {
    const { intent, file } = await registered("spinning");
    const running = program.current.onTerminal(["watch", file], { env });
    await running.said(
      /⠋ waiting for a payment… \d+ s.*⠙ waiting for a payment… \d+ s, last checked \d+ s ago/s,
    );
    await emulator.wallet.pay(intent);
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    const left = screen(stdout);
    expect(left).not.toContain("waiting");
    expect(left).toMatch(
      /^\d\d:\d\d:\d\d {2}requested .*\n\d\d:\d\d:\d\d {2}submitted {6}paid 2\.50 usd \(source: \w+\)/,
    );
  });

  test("never wraps its line on a narrow terminal", async () => {
    const { intent, file } = await registered("narrowest");
    const running = program.current.onTerminal(["watch", file], { env, columns: 40 });
    await running.said(/last ch.*…/);
    await emulator.wallet.pay(intent);
    const drawn = (await running.ended).stdout
      .split(/[\r\n]/)
      .map((line) => stripVTControlCharacters(line))
      .filter((line) => line.includes("waiting"));
    expect(drawn.length).toBeGreaterThan(1);
    for (const line of drawn) expect(line.length).toBeLessThan(40);
  });

  test("writes lines on a dumb terminal", async () => {
    const { file } = await registered("dumb");
    const args = ["watch", file, "--timeout", "300ms", "--heartbeat", "20ms"];
    const { stdout } = await program.current.onTerminal(args, { env: { ...env, TERM: "dumb" } }).ended;
    expect(stdout).toMatch(/^waiting for a payment… /m);
    expect(stdout).not.toContain("\x1b");
  });

  test("exits with 130 on Ctrl-C, and reports that the intent stays payable", async () => {
    const { intent, file } = await registered("stopped");
    const running = program.current.onTerminal(["watch", file], { env, columns: 120 });
    await running.said(/requested/);
    running.process.stdin?.write("\x03");
    const { code, stdout } = await running.ended;
    expect(code).toBe(130);
    expect(screen(stdout)).toContain(`interrupted; intent ${intent.id} stays payable`);
  });
});

test("standard input from a terminal prompts, and ends on Ctrl-D", async () => {
  const running = program.current.onTerminal(["explain", "-"], {});
  await running.said(/Press Ctrl-D to finish/);
  running.process.stdin?.write(`${Buffer.from(order("typed").toBinary()).toString("hex")}\n\x04`);
  const { code, stdout } = await running.ended;
  expect(code).toBe(0);
  expect(screen(stdout)).toContain("code.messaging.v1.Message");
});

test("the emulator exits with 0 on Ctrl-C", async () => {
  const running = program.current.onTerminal(["emulator", "--port", "0"], { columns: 100 });
  const text = await running.said(/Press Ctrl-C to stop it/);
  expect(screen(text)).toMatch(/listening on {2}http:\/\/127\.0\.0\.1:\d+\n/);
  running.process.stdin?.write("\x03");
  expect((await running.ended).code).toBe(0);
});

test("without a terminal there are no colors and no scan code, unless colors are forced", async () => {
  const create = ["create", "--from", (await registered("plain")).file];
  const plain = await program.current.run(create, { env });
  expect(plain.stdout).not.toContain("\x1b");
  expect(plain.stdout).not.toMatch(/[█▀▄]/);
  const forced = await program.current.run(create, { env: { ...env, FORCE_COLOR: "1" } });
  expect(forced.stdout).toContain(`${CSI}1mRegistered`);
});
