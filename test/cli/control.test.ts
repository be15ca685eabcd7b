import { afterEach, beforeEach, expect, test } from "vitest";
import { Emulator, MovableClock } from "../../src/emulator/index.js";
import { CodeClient } from "../../src/index.js";
import { destination, order } from "./orders.js";
import { useProgram } from "./program.js";

const program = useProgram();
let emulator: Emulator;
let code: CodeClient;
let env: Record<string, string>;
let status = 503;
const sent: string[] = [];
const startAt = Date.parse("2026-01-01T00:00:00Z");

beforeEach(async () => {
  status = 503;
  sent.length = 0;
  emulator = await Emulator.start({
    clock: new MovableClock({ frozen: true, startAt }),
    deliverWebhook: async ({ url }) => {
      sent.push(url);
      return { status };
    },
  });
  code = new CodeClient({ baseUrl: emulator.url });
  env = { CODE_SEQUENCER_URL: emulator.url };
});
afterEach(async () => {
  await code?.close();
  await emulator?.close();
});

const run = (...args: string[]) => program.current.run(args, { env });
const webhook = { url: "http://localhost:1/paid" };
const create = () => code.paymentIntents.create({ destination, amount: "2.50", currency: "usd", webhook });

test("list prints the intents, newest first, with state, amount and webhook", async () => {
  expect(await run("list")).toMatchObject({ code: 0, stdout: "", stderr: "The emulator has no intents.\n" });
  expect(JSON.parse((await run("list", "--json")).stdout)).toEqual([]);
  const first = await create();
  await emulator.clock.advance(1_000);
  const second = await create();
  await emulator.wallet.pay(first);
  const { stdout } = await run("list");
  expect(stdout.split("\n")).toEqual([
    `2026-01-01T00:00:01.000Z  ${second.id}  pending    2.50 usd        webhook registered`,
    `2026-01-01T00:00:00.000Z  ${first.id}  submitted  2.50 usd        webhook pending`,
    "",
  ]);
  expect(JSON.parse((await run("list", "--json")).stdout)).toMatchObject([
    { intent: second.id, state: "pending", amount: "2.50", currency: "usd" },
    { intent: first.id, state: "submitted", webhook: { ...webhook, state: "pending", attempts: 0 } },
  ]);
});

test("webhook resend sends a webhook again, and its exit code says whether the receiver confirmed it", async () => {
  const intent = await create();
  expect(await run("webhook", "resend", intent.id)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("the intent is not submitted"),
  });
  await emulator.wallet.pay(intent);
  expect(await run("webhook", "resend", intent.id)).toMatchObject({
    code: 5,
    stdout: expect.stringMatching(/Sent, not confirmed[\s\S]*HTTP 503/),
  });
  status = 200;
  for (let resend = 0; resend < 2; resend++) {
    const { code: exitCode, stdout } = await run("webhook", "resend", intent.id, "--json");
    expect([exitCode, JSON.parse(stdout)]).toEqual([
      0,
      { intent: intent.id, confirmed: true, httpStatus: 200, error: "" },
    ]);
  }
  expect(sent).toEqual(Array(3).fill(webhook.url));
  // The confirmed webhook is not sent again on schedule, and its message is stored once.
  await run("clock", "advance", "2d");
  expect(sent.length).toBe(3);
  const state = JSON.parse(await emulator.exportState());
  expect(JSON.stringify(state).match(/webhookCalled/g)).toHaveLength(1);
});

test("webhook resend rejects an intent without a webhook", async () => {
  const intent = await code.paymentIntents.create(order("no webhook"));
  await emulator.wallet.pay(intent);
  expect((await run("webhook", "resend", intent.id)).stderr).toContain("the intent has no webhook");
});

test("clock advance moves the clock, and rejects a duration without a unit", async () => {
  const { code: exitCode, stdout } = await run("clock", "advance", "1.5h", "--json");
  expect([exitCode, JSON.parse(stdout)]).toEqual([0, { now: "2026-01-01T01:30:00.000Z" }]);
  expect(emulator.clock.now()).toBe(startAt + 5_400_000);
  expect(await run("clock", "advance", "90")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("1h"),
  });
});

test("status exits with 6 for an unknown intent", async () => {
  const { id } = order("never created");
  expect(await run("status", id)).toMatchObject({
    code: 6,
    stdout: expect.stringContaining("The sequencer does not know this intent"),
  });
});

test("create names all missing options at once", async () => {
  expect((await run("create", "--amount", "3")).stderr).toContain("missing: --destination, --currency");
  expect((await run("create")).stderr).toContain("missing: --destination, --amount, --currency");
});

test("watch does not call an intent payable that is not registered", async () => {
  const built = await run(
    "create",
    "--destination",
    destination,
    "--amount",
    "1",
    "--currency",
    "usd",
    "--dry-run",
    "--json",
  );
  await program.current.write("built.json", JSON.parse(built.stdout));
  const { code: exitCode, stderr } = await run(
    "watch",
    "built.json",
    "--timeout",
    "1500ms",
    "--interval",
    "100ms",
  );
  expect(exitCode).toBe(3);
  const text = stderr.replace(/\s+/g, " ");
  expect(text).toContain("No payment was reported within 1.5 s.");
  expect(text).toContain("is not registered with the sequencer: create it first");
  expect(text).not.toContain("payable");
});
