import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { CodeClient } from "../../src/index.js";
import { destination, order, verifierFile, verifierPublicKey } from "./orders.js";
import { jsonLines, type Running, type RunOptions, useProgram } from "./program.js";

const program = useProgram();

describe("emulator", () => {
  let running: Running | undefined;
  afterEach(async () => {
    running?.kill("SIGTERM");
    await running?.ended;
  });

  async function serve(
    args: readonly string[] = [],
    options: RunOptions = {},
  ): Promise<{ url: string; webhookPublicKey: string }> {
    running = program.current.start(["emulator", "--port", "0", "--json", ...args], options);
    const [listening] = jsonLines(await running.said(/\n/));
    return listening as { url: string; webhookPublicKey: string };
  }

  test.for(["SIGINT", "SIGTERM"] as const)("serves until %s, and ends with 0", async (signal) => {
    running = program.current.process(["emulator", "--port", "0", "--json"]);
    const [listening] = jsonLines(await running.said(/\n/));
    await using code = new CodeClient({ baseUrl: String(listening?.url) });
    const intent = await code.paymentIntents.create(order(signal));
    expect((await code.paymentIntents.getStatus(intent)).state).toBe("pending");
    running?.kill(signal);
    const ended = await running?.ended;
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    expect(jsonLines(ended?.stdout ?? "").map(({ type }) => type)).toEqual([
      "listening",
      "call",
      "call",
      "closed",
    ]);
  });

  test("prints calls, payments and attempts of webhooks as they happen", async () => {
    running = program.current.start(["emulator", "--port", "0"]);
    const [url = ""] = /http:\S+/.exec(await running.said(/webhook key/)) ?? [];
    await using code = new CodeClient({ baseUrl: url });
    const webhook = { url: "http://localhost:1/paid?token=secret" };
    const intent = await code.paymentIntents.create({
      destination,
      amount: "2.50",
      currency: "usd",
      webhook,
    });
    await program.current.run(["wallet", "pay", intent.id, "--url", url]);
    const said = await running.said(/webhook, attempt 1 .*/);
    const lines = said.split("\n").filter((line) => line.includes(intent.id));
    expect(lines.map((line) => line.replace(/^\d\d:\d\d:\d\d/, "TIME").replace(/ {2,}/g, " | "))).toEqual([
      `TIME | SendMessage | ok | ${intent.id}`,
      `TIME | RegisterWebhook | ok | ${intent.id}`,
      `TIME | payment | 2.50 usd | ${intent.id}`,
      `TIME | webhook, attempt 1 | failed | ${intent.id} | http://localhost:1/paid: connect ECONNREFUSED 127.0.0.1:1`,
    ]);
  });

  test("verifies logins offline with the files of --well-known, read at each login", async () => {
    const keyPath = await program.current.write("verifier.json", verifierFile);
    const file = await program.current.write("payments.json", { public_keys: [] });
    const { url } = await serve(["--well-known", `example.com=${file}`]);
    const signIn = ["create", "--destination", destination, "--amount", "1", "--currency", "usd", "--json"];
    const args = [...signIn, "--login-domain", "example.com", "--verifier-file", keyPath, "--url", url];
    const refused = await program.current.run(args);
    expect(refused.stderr).toContain(`${verifierPublicKey} does not own domain example.com`);
    await program.current.write("payments.json", { public_keys: [verifierPublicKey] });
    expect(await program.current.run(args)).toMatchObject({ code: 0, stderr: "" });
  });

  test("rejects a --well-known that names no domain, or no file that can be read", async () => {
    for (const [value, word] of [
      ["code-payments.json", "example.com=code-payments.json"],
      ["example.com=missing.json", "missing.json"],
    ] as const) {
      const { code, stderr } = await program.current.run(["emulator", "--port", "0", "--well-known", value]);
      expect(code).toBe(2);
      expect(stderr).toContain(word);
    }
  });

  test("prints no activity with --quiet", async () => {
    const { url } = await serve(["--quiet"]);
    await using code = new CodeClient({ baseUrl: url });
    await code.paymentIntents.create(order("quiet"));
    running?.kill();
    const ended = await running?.ended;
    expect(jsonLines(ended?.stdout ?? "").map(({ type }) => type)).toEqual(["listening", "closed"]);
  });

  test("prints the bound address, the local URL and its page", async () => {
    const { url, ...said } = await serve(["--host", "0.0.0.0"]);
    const { port } = new URL(url);
    expect(said).toMatchObject({ page: `http://127.0.0.1:${port}/`, host: "0.0.0.0", port: Number(port) });
    running?.kill();
    await running?.ended;
    running = program.current.start(["emulator", "--port", "0", "--host", "0.0.0.0"]);
    expect(await running.said(/webhook key/)).toMatch(
      /listening on {2}port (\d+) on all addresses of this machine \(0\.0\.0\.0\)\n +local URL {5}http:\/\/127\.0\.0\.1:\1 from this machine\n +web page {6}http:\/\/127\.0\.0\.1:\1\/\n/,
    );
  });

  test("signs webhooks with the key of a file or of the environment", async () => {
    const path = await program.current.write("signing.json", verifierFile);
    expect((await serve(["--signing-key-file", path])).webhookPublicKey).toBe(verifierPublicKey);
    running?.kill();
    await running?.ended;
    expect((await serve([], { env: { CODE_WEBHOOK_SIGNING_KEY: verifierFile } })).webhookPublicKey).toBe(
      verifierPublicKey,
    );
  });

  test("has the limits that are given, beside the sequencer's own", async () => {
    const { url } = await serve(["--limit", "usd=0.05:250", "--limit", "eur=1:2"]);
    await using code = new CodeClient({ baseUrl: url });
    const pay = (amount: string, currency: "usd" | "eur" | "cad") =>
      code.paymentIntents.create({ destination, amount, currency }).then(
        () => "registered",
        (error) => error.code,
      );
    expect(
      await Promise.all([pay("250", "usd"), pay("2.01", "eur"), pay("5", "cad"), pay("5.01", "cad")]),
    ).toEqual(["registered", "request_refused", "registered", "request_refused"]);
  });

  test("accepts and calls webhooks of a host in --allow-local-webhooks over plain http, and names it otherwise", async () => {
    const received: string[] = [];
    const receiver = createServer((request, response) => {
      received.push(String(request.headers["content-type"]));
      response.end();
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => receiver.once("listening", resolve));
    const webhook = `http://localhost:${(receiver.address() as AddressInfo).port}/paid`;
    const create = [
      "create",
      "--destination",
      destination,
      "--amount",
      "2.50",
      "--currency",
      "usd",
      "--json",
    ];
    try {
      const closed = await serve(["--host", "0.0.0.0"]);
      const refused = await program.current.run([...create, "--url", closed.url, "--webhook", webhook]);
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toContain("invalid url");
      expect(refused.stderr).toContain("--allow-local-webhooks");
      running?.kill();
      await running?.ended;

      const open = await serve(["--host", "0.0.0.0", "--allow-local-webhooks", "localhost"]);
      const created = await program.current.run([...create, "--url", open.url, "--webhook", webhook]);
      expect(created).toMatchObject({ code: 0, stderr: "" });
      const [{ id } = { id: "" }] = jsonLines(created.stdout);
      await program.current.run(["wallet", "pay", String(id), "--url", open.url]);
      await expect.poll(() => received).toEqual(["application/jwt"]);
    } finally {
      receiver.closeAllConnections();
      receiver.close();
    }
  });

  test("lets pages of the origins that are given call, and no others", async () => {
    const { url } = await serve(["--allow-origin", "https://shop.example"]);
    const ask = async (origin: string) =>
      (await fetch(`${url}/v1/getStatus?intent=${order("x").id}`, { headers: { origin } })).headers.get(
        "access-control-allow-origin",
      );
    expect(await ask("https://shop.example")).toBe("https://shop.example");
    expect(await ask("https://evil.example")).toBeNull();
  });
});

describe("emulator exec", () => {
  const node = (script: string): string[] => ["--", process.execPath, "-e", script];
  // Its command inherits the streams of a process.
  const exec = (...args: string[]) => program.current.process(["emulator", "exec", ...args]).ended;

  test("runs the command with an emulator and prints nothing else", async () => {
    const script =
      "const { CODE_SEQUENCER_URL: url, CODE_WEBHOOK_PUBLIC_KEY: key } = process.env;" +
      `fetch(url + "/v1/getStatus?intent=${order("x").id}").then((r) => console.log(r.status, key.length > 40))`;
    expect(await exec(...node(script))).toMatchObject({ code: 0, stdout: "200 true\n", stderr: "" });
  });

  test.for([0, 7])("ends with the command's exit code %d", async (code) => {
    expect(await exec(...node(`process.exitCode = ${code}`))).toMatchObject({ code, stdout: "", stderr: "" });
  });

  test("ends with 128 + n where a signal ended the command", async () => {
    expect((await exec(...node("process.kill(process.pid, 'SIGKILL')"))).code).toBe(137);
  });

  test.for(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "hands %s on to the command, and waits for it",
    async (signal) => {
      const script = `process.on("${signal}", () => { console.log("got it"); process.exit(42) }); setInterval(() => {}, 1000); console.log("ready")`;
      const running = program.current.process(["emulator", "exec", ...node(script)]);
      await running.said(/ready/);
      running.kill(signal);
      expect(await running.ended).toMatchObject({ code: 42, stdout: "ready\ngot it\n", stderr: "" });
    },
  );

  test("lets the command read standard input, and keep its own options", async () => {
    const echo = "process.stdin.pipe(process.stdout); console.log(process.argv.slice(1).join())";
    const running = program.current.process(
      ["emulator", "exec", process.execPath, "-e", echo, "--", "--json", "--port", "--help"],
      { stdin: "typed" },
    );
    const { stdout } = await running.ended;
    expect(stdout).toBe("--json,--port,--help\ntyped");
  });

  test("stops the emulator with the command", async () => {
    const { stdout } = await exec(...node("console.log(process.env.CODE_SEQUENCER_URL)"));
    await expect(fetch(stdout.trim())).rejects.toThrow();
  });

  test("signs with the key that the command is told", async () => {
    const path = await program.current.write("exec-key.json", verifierFile);
    const { stdout } = await exec(
      "--signing-key-file",
      path,
      ...node("console.log(process.env.CODE_WEBHOOK_PUBLIC_KEY)"),
    );
    expect(stdout.trim()).toBe(verifierPublicKey);
  });
});
