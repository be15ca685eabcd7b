import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Emulator } from "../../src/emulator/index.js";
import {
  document,
  idempotencySecret,
  login,
  order,
  registerOrder,
  startEmulator,
  verifierFile,
  verifierPublicKey,
} from "./orders.js";
import { jsonLines, useProgram } from "./program.js";

const program = useProgram();
let emulator: Emulator;
let env: Record<string, string>;
beforeAll(async () => {
  emulator = await startEmulator();
  env = { CODE_SEQUENCER_URL: emulator.url, CODE_IDEMPOTENCY_SECRET: idempotencySecret };
});
afterAll(() => emulator?.close());

const registered = (key: string): ReturnType<typeof registerOrder> =>
  registerOrder(emulator, program.current, key);

test("watch, scan-code and verify-webhook report an id instead of an intent", async () => {
  const { id } = order("id");
  for (const args of [
    ["watch", id],
    ["scan-code", id],
    ["verify-webhook", "x.jwt", "--production", "--expect", id],
  ]) {
    const { code, stderr } = await program.current.run([...args, "--json"]);
    expect(code).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({
      code: "unusable_input",
      message: `${id} is an intent id, but this command needs the whole intent`,
      hint: expect.stringContaining("create --output"),
    });
  }
  await program.current.write(id, document(order("id")));
  expect((await program.current.run(["scan-code", id])).code).toBe(0);
});

describe("watch", () => {
  test("prints every event as a line of JSON", async () => {
    const { intent, file } = await registered("events");
    await emulator.wallet.scan(intent);
    await emulator.wallet.reject(intent);
    await emulator.wallet.pay(intent);
    const { code, stdout, stderr } = await program.current.run(["watch", file, "--json"], { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const events = jsonLines(stdout);
    expect(events.map(({ type }) => type)).toEqual(["requested", "scanned", "rejected", "submitted"]);
    for (const event of events) {
      expect(event.intent).toBe(intent.id);
      expect(new Date(String(event.time)).getTime()).not.toBeNaN();
    }
    expect(events.at(-1)).toMatchObject({
      payment: { quarks: expect.stringMatching(/^\d+$/), currency: "usd" },
    });
  });

  test("prints heartbeats on stderr without a terminal", async () => {
    const { intent, file } = await registered("alive");
    const running = program.current.start(["watch", file, "--heartbeat", "20ms"], { env });
    await running.said(/waiting for a payment… .*, last checked .* ago\n/, "stderr");
    await emulator.wallet.pay(intent);
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(stdout).not.toContain("waiting");
  });

  test("warns about an unreachable sequencer in the terms of the command line", async () => {
    const { file } = await registered("unanswered");
    const running = program.current.start(["watch", file, "--json", "--url", "http://127.0.0.1:9"]);
    const [warning] = jsonLines(await running.said(/"warning".*\n/, "stderr"));
    running.kill();
    await running.ended;
    expect(warning?.message).toMatch(/continues to check: The sequencer cannot be reached .* Check --url/);
  });

  test("prints heartbeats as JSON, and none with --heartbeat 0s", async () => {
    const { file } = await registered("quiet");
    const args = ["watch", file, "--timeout", "300ms", "--json"];
    const loud = jsonLines((await program.current.run([...args, "--heartbeat", "20ms"], { env })).stderr);
    expect(loud[0]).toMatchObject({ type: "waiting", waitedMs: expect.any(Number) });
    const silent = jsonLines((await program.current.run([...args, "--heartbeat", "0s"], { env })).stderr);
    expect(silent.map(({ type }) => type)).toEqual(["error"]);
  });

  test("reads the client secret from the environment or a file if the document has none", async () => {
    const { intent } = await registered("apart");
    const { clientSecret, ...rest } = document(intent) as { clientSecret: string };
    const file = await program.current.write("apart.json", rest);
    const missing = await program.current.run(["status", file], { env });
    expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining("CODE_CLIENT_SECRET") });
    await emulator.wallet.pay(intent);
    const secret = { ...env, CODE_CLIENT_SECRET: clientSecret };
    expect((await program.current.run(["watch", file], { env: secret })).code).toBe(0);
    const path = await program.current.write("secret.txt", `${clientSecret}\n`);
    expect((await program.current.run(["watch", file, "--client-secret-file", path], { env })).code).toBe(0);
  });
});

describe("login", () => {
  test("waits for a user and prints the user id", async () => {
    const verifier = await program.current.write("verifier.json", verifierFile);
    const running = program.current.start(
      ["login", "--domain", "example.com", "--verifier-file", verifier, "--json"],
      { env },
    );
    const [created] = jsonLines(await running.said(/"created".*\n/));
    expect(created).toMatchObject({
      kind: "login",
      login: { domain: "example.com", verifier: verifierPublicKey },
    });
    const { userId } = await emulator.wallet.login(String(created?.id), { user: "alice" });
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(jsonLines(stdout).at(-1)).toEqual({ type: "user", intent: created?.id, userId });
  });

  test("user-id signs its request with the verifier of the environment", async () => {
    const intent = login("later");
    const file = await program.current.write("later.json", document(intent));
    const asking = { ...env, CODE_VERIFIER_KEY: verifierFile };
    await program.current.json(["create", "--from", file], { env: asking });
    const nobody = await program.current.run(["login", "user-id", intent.id, "--json"], { env: asking });
    expect(nobody.code).toBe(5);
    expect(JSON.parse(nobody.stdout)).toMatchObject({ userId: null, reason: "no_user_logged_in" });
    const { userId } = await emulator.wallet.login(intent);
    const user = await program.current.json<object>(["login", "user-id", file], { env: asking });
    expect(user).toMatchObject({ userId });
  });
});
