import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Emulator } from "../../src/emulator/index.js";
import { PaymentIntent, PROTOCOLS } from "../../src/index.js";
import { destination, feeAccount, idempotencySecret, order, startEmulator, verifierFile } from "./orders.js";
import { jsonLines, useProgram } from "./program.js";

const program = useProgram();
let emulator: Emulator;
let env: Record<string, string>;
beforeAll(async () => {
  emulator = await startEmulator();
  env = { CODE_SEQUENCER_URL: emulator.url, CODE_IDEMPOTENCY_SECRET: idempotencySecret };
});
afterAll(() => emulator?.close());

/** A server that receives calls, and closes the connection instead of responding. */
async function muteServer(): Promise<{ readonly url: string; received(): number } & AsyncDisposable> {
  let received = 0;
  const server = createServer();
  server.on("stream", ({ session }) => {
    received += 1;
    session?.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received: () => received,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const details = ["--destination", destination, "--amount", "2.50", "--currency", "usd"];

describe("create", () => {
  test("prints all that is needed to rebuild the intent", async () => {
    const args = ["create", ...details, "--idempotency-key", "all", "--fee", `${feeAccount}:150`];
    const { registered, ...printed } = await program.current.json<
      Parameters<typeof PaymentIntent.fromClientSecret>[0] & { id: string; registered: boolean }
    >([...args, "--webhook", "http://127.0.0.1:9/paid"], { env });
    expect(registered).toBe(true);
    const fees = [{ destination: feeAccount, basisPoints: 150 }];
    const { id, ...options } = printed;
    const rebuilt = PaymentIntent.fromClientSecret({ ...options, expectedId: id });
    const expected = order("all", { fees, webhook: { url: "http://127.0.0.1:9/paid" } });
    expect(rebuilt.toSendMessageRequest()).toEqual(expected.toSendMessageRequest());
    expect(rebuilt.webhook).toEqual(expected.webhook);
  });

  test("treats zeros at the end of an amount and of basis points as no decimals", async () => {
    const shared = [
      "create",
      "--destination",
      destination,
      "--currency",
      "usd",
      "--idempotency-key",
      "zeros",
    ];
    const ids = [];
    for (const [amount, share] of [
      ["2.50", "150"],
      ["2.5000", "150.00"],
    ]) {
      const args = [...shared, "--amount", `${amount}`, "--fee", `${feeAccount}:${share}`, "--dry-run"];
      ids.push((await program.current.json<{ id: string }>(args, { env })).id);
    }
    expect(ids[0]).toBe(ids[1]);
    const refused = await program.current.run([...shared, "--amount", "2.505", "--dry-run"], { env });
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("more than two decimals");
  });

  test("registers nothing with --dry-run, without a sequencer", async () => {
    const printed = await program.current.json<{ id: string; registered: boolean }>([
      "create",
      ...details,
      "--dry-run",
    ]);
    expect(printed.registered).toBe(false);
    const status = await program.current.run(["status", printed.id, "--json"], { env });
    expect([status.code, JSON.parse(status.stdout).state]).toEqual([6, "unknown"]);
  });

  test("writes the intent to a file for its owner only, before it sends anything", async () => {
    const file = join(program.current.directory, "kept.json");
    const args = ["create", ...details, "--output", "kept.json"];
    const lost = await program.current.run(args, { env: { CODE_SEQUENCER_URL: "http://127.0.0.1:9" } });
    expect(lost.code).toBe(1);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const kept = JSON.parse(await readFile(file, "utf8"));
    const again = await program.current.json<{ id: string; clientSecret: string }>(
      ["create", "--from", "kept.json"],
      { env },
    );
    expect(again).toMatchObject({ id: kept.id, clientSecret: kept.clientSecret, registered: true });
  });

  test("names the command that creates the saved intent, after a failure and before it is overwritten", async () => {
    const args = ["create", ...details, "--output", "failed.json", "--json"];
    const unreachable = { env: { CODE_SEQUENCER_URL: "http://127.0.0.1:9" } };
    const again = "`code-intents create --from failed.json`";
    const [failed, repeated] = [
      await program.current.run(args, unreachable),
      await program.current.run(args, unreachable),
    ].map(({ stderr }) => JSON.parse(stderr));
    expect(failed).toMatchObject({ code: "unavailable", hint: expect.stringContaining(again) });
    expect(repeated).toMatchObject({ code: "file_exists", exitCode: 2 });
    expect(repeated.hint).toMatch(new RegExp(`run ${again}.*--force discards the client secret`));
  });

  test.for([
    ["rejects the intent", "5.01", "request_refused", /^Nothing was registered\. lost\.json .*--force/],
    [
      "may have registered it",
      "2.50",
      "registration_unknown",
      /^Run `code-intents create --from lost\.json`/,
    ],
  ] as const)("names the next step if the sequencer %s", async ([, amount, code, hint]) => {
    await using mute = await muteServer();
    const env = { CODE_SEQUENCER_URL: code === "request_refused" ? emulator.url : mute.url };
    const args = ["create", "--destination", destination, "--amount", amount, "--currency", "usd"];
    const more = ["--output", "lost.json", "--force", "--timeout", "1m", "--json"];
    const { stderr } = await program.current.run([...args, ...more], { env });
    expect(JSON.parse(stderr)).toMatchObject({ code, hint: expect.stringMatching(hint) });
    expect(mute.received() > 0).toBe(code === "registration_unknown");
  });

  test("names the file of the verifier in the command that creates the intent again", async () => {
    await program.current.write("verifier.json", verifierFile);
    const asking = ["--login-domain", "example.com", "--verifier-file", "verifier.json"];
    const built = await program.current.run([
      "create",
      ...details,
      ...asking,
      "--output",
      "l.json",
      "--dry-run",
    ]);
    expect(built.stdout).toContain("code-intents create --from l.json --verifier-file verifier.json\n");
    const unsigned = await program.current.run(["create", "--from", "l.json"], { env });
    expect({ code: unsigned.code, stderr: unsigned.stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("CODE_VERIFIER_KEY"),
    });
  });

  test("rejects options with which the client secret would be lost, before it sends anything", async () => {
    const unreachable = {
      CODE_SEQUENCER_URL: "http://127.0.0.1:9",
      CODE_IDEMPOTENCY_SECRET: idempotencySecret,
    };
    const end = async (...args: string[]) =>
      (await program.current.run(["create", ...details, ...args], { env: unreachable })).code;
    expect(await end()).toBe(2);
    expect(await end("--json")).toBe(1);
    expect(await end("--idempotency-key", "kept")).toBe(1);
    expect(await end("--dry-run")).toBe(0);
  });

  test("overwrites a file only with --force, and then for its owner only", async () => {
    await program.current.write("taken.json", "mine");
    const args = ["create", ...details, "--dry-run", "--output", "taken.json"];
    const refused = await program.current.run(args);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("file_exists");
    const file = join(program.current.directory, "taken.json");
    expect(await readFile(file, "utf8")).toBe("mine");
    expect((await program.current.run([...args, "--force"])).code).toBe(0);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, "utf8"))).toHaveProperty("clientSecret");
  });

  test("prints the intent also where its webhook is refused, since it can be paid", async () => {
    const { code, stdout, stderr } = await program.current.run(
      ["create", ...details, "--webhook", "http://nowhere.invalid/paid", "--json"],
      { env },
    );
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ registered: true, clientSecret: expect.any(String) });
    expect(JSON.parse(stderr)).toMatchObject({ type: "error", code: "webhook_refused", exitCode: 1 });
  });

  test("warns if the idempotency key can be guessed", async () => {
    const args = ["create", ...details, "--idempotency-key", "1042", "--dry-run"];
    expect((await program.current.run(args)).stderr).toContain("CODE_IDEMPOTENCY_SECRET");
    expect((await program.current.run(args, { env })).stderr).toBe("");
  });

  test.for(PROTOCOLS)("speaks %s", async (protocol) => {
    const args = ["create", ...details, "--idempotency-key", protocol, "--protocol", protocol];
    const { id } = await program.current.json<{ id: string }>(args, { env });
    expect(id).toBe(order(protocol).id);
    const status = await program.current.json<{ state: string }>(["status", id, "--protocol", protocol], {
      env,
    });
    expect(status.state).toBe("pending");
  });

  test("rejects an option that the file of --from contains", async () => {
    const { stderr, code } = await program.current.run(["create", "--from", "x.json", "--amount", "1"]);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("--amount") });
  });
});

describe("a pipe", () => {
  test("carries an intent from create to watch, scan-code, status and wallet", async () => {
    const created = await program.current.run(["create", ...details, "--json"], { env });
    const input = { env, stdin: created.stdout };
    const status = await program.current.json<{ state: string }>(["status", "-"], input);
    expect(status.state).toBe("pending");
    expect((await program.current.run(["scan-code", "-"], input)).stdout).toMatch(/^<svg.*<\/svg>\n$/s);
    await program.current.json(["wallet", "pay", "-"], input);
    const watched = await program.current.run(["watch", "-", "--json"], input);
    expect(watched.code).toBe(0);
    expect(jsonLines(watched.stdout).map(({ type }) => type)).toContain("submitted");
  });

  test("is read once", async () => {
    const { code, stderr } = await program.current.run(
      ["verify-webhook", "-", "--expect", "-", "--production"],
      {
        stdin: "{}",
      },
    );
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("standard input") });
  });
});
