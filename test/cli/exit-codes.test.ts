import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EXIT_CODES } from "../../src/cli/failure/exit-codes.js";
import type { Emulator } from "../../src/emulator/index.js";
import { signTestWebhook } from "../../src/webhook/index.js";
import {
  destination,
  document,
  order,
  registerOrder,
  startEmulator,
  verifierPublicKey,
  verifierSeed,
} from "./orders.js";
import { jsonLines, type Running, useProgram } from "./program.js";

const program = useProgram();
let emulator: Emulator;
let env: Record<string, string>;
beforeAll(async () => {
  emulator = await startEmulator();
  env = { CODE_SEQUENCER_URL: emulator.url };
});
afterAll(() => emulator?.close());

const details = ["--destination", destination, "--amount", "2.50", "--currency", "usd"];

const registered = (key: string): ReturnType<typeof registerOrder> =>
  registerOrder(emulator, program.current, key);

// The last test checks what the others produced.
describe("a command exits with", { shuffle: false }, () => {
  const produced = new Set<string>();

  async function expectEnd(running: Running, code: number, word: string | undefined): Promise<void> {
    const ended = await running.ended;
    expect(ended.code, ended.stderr).toBe(code);
    if (word === undefined) expect(ended.stderr).toBe("");
    // The last line on stderr is the error as JSON.
    else expect(jsonLines(ended.stderr).at(-1)).toMatchObject({ type: "error", code: word, exitCode: code });
    produced.add(String(code));
  }
  const start = (...args: string[]): Running => program.current.start([...args, "--json"], { env });
  const startProcess = (...args: string[]): Running => program.current.process([...args, "--json"], { env });

  test("0 on success", async () => {
    await expectEnd(startProcess("create", ...details, "--dry-run"), 0, undefined);
  });

  test("1 if the sequencer rejects the request", async () => {
    const tooMuch = details.map((text, index) => (index === 3 ? "5.01" : text));
    await expectEnd(startProcess("create", ...tooMuch), 1, "request_refused");
  });

  test("1 if the sequencer is unreachable, or a port is in use", async () => {
    await expectEnd(start("status", order("x").id, "--url", "http://127.0.0.1:9"), 1, "unavailable");
    await expectEnd(start("emulator", "--port", String(emulator.port)), 1, "system_error");
  });

  test("2 for an unknown option of a process", async () => {
    await expectEnd(startProcess("status", "--nothing"), 2, "usage");
  });

  test.for([
    ["an unknown option", ["status", "--nothing"], "usage"],
    ["an unknown command", ["pay"], "usage"],
    ["a missing argument", ["status"], "usage"],
    ["an argument too many", ["completion", "bash", "zsh"], "usage"],
    ["a duration without a unit", ["watch", "-", "--timeout", "10"], "usage"],
    ["an invalid port", ["emulator", "--port", "65536"], "usage"],
    ["an invalid limit", ["emulator", "--limit", "usd"], "usage"],
    ["a limit whose minimum exceeds its maximum", ["emulator", "--limit", "usd=5:1"], "usage"],
    ["a limit of an unknown currency", ["emulator", "--port", "0", "--limit", "uds=1:5"], "invalid_option"],
    ["two public keys", ["verify-webhook", "-", "--unbound", "--production", "--public-key", "x"], "usage"],
    ["a group without a command", ["payload"], "usage"],
    ["the help of an unknown command", ["help", "nothing"], "usage"],
    ["a scan code too small to read", ["scan-code", "-", "--size", "99"], "usage"],
    ["a scan code too large to draw", ["scan-code", "-", "--format", "png", "--size", "4097"], "usage"],
    ["a file with an unknown extension", ["scan-code", "-", "--output", "code.foo"], "usage"],
    ["a file without an extension", ["scan-code", "-", "--output", "png"], "usage"],
    ["an id instead of an intent", ["watch", order("x").id], "unusable_input"],
    [
      "a webhook over REST without the intent",
      ["register-webhook", order("x").id, "--webhook", "http://127.0.0.1:9", "--protocol", "rest"],
      "usage",
    ],
    ["an unknown protocol", ["status", "x", "--protocol", "smtp"], "usage"],
    ["an option before its command", ["emulator", "--port", "0", "exec", "true"], "usage"],
    [
      "an invalid account",
      ["create", ...details.map((text, index) => (index === 1 ? "0OIl" : text)), "--dry-run"],
      "invalid_option",
    ],
    ["a missing amount", ["create", "--destination", destination, "--currency", "usd"], "missing_option"],
    ["an invalid fee", ["create", ...details, "--fee", destination], "usage"],
    ["http beyond loopback", ["status", order("x").id, "--url", "http://example.com"], "invalid_option"],
    ["a missing file", ["watch", "nothing.json"], "unusable_input"],
    ["a directory", ["watch", "."], "unusable_input"],
    ["a webhook without an order to compare with", ["verify-webhook", "-"], "usage"],
    ["a login without a verifier", ["login", "--domain", "example.com"], "usage"],
    ["an unknown type", ["explain", "00", "--as", "Invoice"], "invalid_option"],
    [
      "a watch for the webhook over REST",
      ["watch", "-", "--until", "webhook", "--protocol", "rest"],
      "unsupported_by_protocol",
    ],
  ] as const)("2 for %s", async ([, args, word]) => {
    const stdin = JSON.stringify(document(order("x")));
    await expectEnd(
      program.current.start([...args.slice(0, 1), "--json", ...args.slice(1)], { env, stdin }),
      2,
      word,
    );
  });

  test("3 on a timeout", async () => {
    const { file } = await registered("late");
    await expectEnd(startProcess("watch", file, "--timeout", "100ms"), 3, "payment_timeout");
  });

  test("4 if the payer declines and --until is rejected", async () => {
    const { intent, file } = await registered("declined");
    await emulator.wallet.scan(intent);
    await emulator.wallet.reject(intent);
    await expectEnd(startProcess("watch", file, "--until", "rejected"), 4, undefined);
  });

  test("5 for a webhook of another order", async () => {
    const [ours, other] = [order("ours"), order("other")];
    const claims = {
      intent: other.id,
      destination,
      currency: "usd",
      amount: 2.5,
      exchangeRate: 1,
      quarks: 250_000n,
      fees: 0n,
    };
    const token = await program.current.write(
      "token.jwt",
      signTestWebhook(claims, { privateKey: verifierSeed }),
    );
    const file = await program.current.write("ours.json", document(ours));
    const args = ["verify-webhook", token, "--public-key", verifierPublicKey, "--expect", file];
    await expectEnd(start(...args), 5, "webhook_mismatch");
  });

  test("5 with --production for a webhook that only the key of the environment verifies", async () => {
    const args = ["verify-webhook", "-", "--unbound", "--production", "--json"];
    const claims = { intent: order("any").id, destination, currency: "usd", amount: 2.5, exchangeRate: 1 };
    const token = signTestWebhook({ ...claims, quarks: 250_000n, fees: 0n }, { privateKey: verifierSeed });
    const env = { CODE_WEBHOOK_PUBLIC_KEY: verifierPublicKey };
    const running = program.current.start(args, { env, stdin: token });
    await expectEnd(running, 5, "webhook_signature_invalid");
  });

  test("5 for a changed intent, an unreadable scan code, wrong bytes and a difference", async () => {
    const changed = await program.current.write("changed.json", { ...document(order("a")), amount: "2.60" });
    await expectEnd(start("watch", changed), 5, "intent_mismatch");
    await expectEnd(startProcess("diff", "00", "01"), 5, undefined);
    const scanned = await program.current.write("scanned.txt", "00".repeat(35));
    await expectEnd(start("scan-code", "--decode", scanned), 5, "scan_code_unreadable");
    await expectEnd(start("explain", "ff"), 5, undefined);
  });

  test("126 and 127 if emulator exec cannot run its command", async () => {
    const locked = await program.current.write("locked.sh", "exit 0");
    await expectEnd(
      program.current.process(["emulator", "exec", "--json", "--", `./${locked}`]),
      126,
      "command_failed",
    );
    await expectEnd(
      program.current.process(["emulator", "exec", "--json", "--", "no-such-command"]),
      127,
      "command_failed",
    );
    produced.add("126, 127");
  });

  test("6 for the status of an unknown intent", async () => {
    await expectEnd(start("status", order("never created").id), 6, undefined);
  });

  test.for([
    ["SIGHUP", 129],
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("128 + n if %s ends it", async ([signal, code]) => {
    const { intent, file } = await registered(signal);
    const running = startProcess("watch", file);
    await running.said(/requested/);
    running.kill(signal);
    const ended = await running.ended;
    expect(ended.code).toBe(code);
    const told = jsonLines(ended.stderr).at(-1);
    expect(told).toMatchObject({ type: "error", code: "interrupted", exitCode: code });
    expect(told?.message).toContain(`intent ${intent.id} stays payable`);
    produced.add("128 + n");
  });

  test("141 and no message if the reader closes the pipe", async () => {
    const running = program.current.process(["completion", "fish"]);
    // The process has not started to write.
    running.process.stdout?.destroy();
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({ code: 141, stderr: "" });
  });

  test("every code of the table in these tests", () => {
    expect([...produced]).toEqual(expect.arrayContaining(EXIT_CODES.map(({ code }) => code)));
  });
});

test("prints no error if head closes the pipe", async () => {
  const command = `'${process.execPath}' '${program.current.main}' explain ${Buffer.from(order("x").toBinary()).toString("hex")} | head -1`;
  const { code, stdout, stderr } = await program.current.spawn("sh", ["-c", command]).ended;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^54 bytes.*\n$/);
});
