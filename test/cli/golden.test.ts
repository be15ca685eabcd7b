import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { completedCommand, flat } from "../../src/cli/completion/tree.js";
import { createProgram } from "../../src/cli/program.js";
import { Session } from "../../src/cli/session.js";
import type { Emulator } from "../../src/emulator/index.js";
import { signTestWebhook } from "../../src/webhook/index.js";
import {
  destination,
  document,
  feeAccount,
  idempotencySecret,
  login,
  order,
  startEmulator,
  verifierFile,
  verifierSeed,
} from "./orders.js";
import { type Ended, useProgram } from "./program.js";

const program = useProgram();
let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator?.close());

/** Returns both streams without what differs between runs. */
function shown({ code, stdout, stderr }: Ended): string {
  const text = [
    stdout,
    stderr === "" ? "" : `--- stderr ---\n${stderr}`,
    code === 0 ? "" : `--- exit code ${code} ---\n`,
  ].join("");
  return text
    .replace(/127\.0\.0\.1:\d+/g, "127.0.0.1:8787")
    .replace(/^\d\d:\d\d:\d\d /gm, "12:00:00 ")
    .replaceAll("\r", "");
}

function golden(name: string): string {
  return `./golden/${name}.txt`;
}

describe.concurrent("the help", () => {
  const tree = completedCommand(createProgram(new Session(process, { json: false, noColor: true })));
  const paths = flat(tree).map(({ path }) => path);

  test("exists for every command", ({ expect }) => {
    expect(paths.length).toBeGreaterThan(25);
  });

  test.for(paths.filter((path) => path !== "help"))("of %s", async (path, { expect }) => {
    const ended = await program.current.run([...path.split(" ").filter(Boolean), "--help"]);
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: "" });
    for (const line of ended.stdout.split("\n")) expect(line.length, line).toBeLessThanOrEqual(100);
    await expect(ended.stdout).toMatchFileSnapshot(
      golden(`help${path === "" ? "" : `-${path.replaceAll(" ", "-")}`}`),
    );
  });
});

describe("the output of", () => {
  const env = () => ({ CODE_SEQUENCER_URL: emulator.url, CODE_IDEMPOTENCY_SECRET: idempotencySecret });
  const see = async (
    name: string,
    args: readonly string[],
    more: Parameters<typeof program.current.run>[1] = {},
  ) => {
    const ended = await program.current.run(args, { ...more, env: { ...env(), ...more.env } });
    await expect(shown(ended)).toMatchFileSnapshot(golden(name));
    return ended;
  };

  test("create, with all options", async () => {
    await program.current.write("verifier.json", verifierFile);
    const details = [
      "--destination",
      destination,
      "--amount",
      "2.50",
      "--currency",
      "usd",
      "--idempotency-key",
      "a",
    ];
    const fee = ["--fee", `${feeAccount}:150`];
    const asking = ["--login-domain", "example.com", "--verifier-file", "verifier.json"];
    const webhook = ["--webhook", "http://127.0.0.1:9/paid/a-secret-token"];
    await see("create-dry-run", ["create", ...details, ...fee, "--dry-run"]);
    await see("create", ["create", ...details, ...fee, ...asking, ...webhook, "--output", "created.json"]);
    await see("create-again", ["create", "--from", "created.json", "--verifier-file", "verifier.json"]);
  });

  test("status, watch and the wallet", async () => {
    const intent = order("b");
    const file = await program.current.write("b.json", document(intent));
    await see("status-unknown", ["status", intent.id]);
    await program.current.run(["create", "--from", file], { env: env() });
    await see("status-pending", ["status", file]);
    await see("wallet-scan", ["wallet", "scan", file]);
    await see("wallet-reject", ["wallet", "reject", file]);
    await see("wallet-pay", ["wallet", "pay", intent.id]);
    await see("watch", ["watch", file]);
    await see("status-submitted", ["status", file]);
    await see("create-refused", ["create", "--from", file]);
  });

  test("login", async () => {
    const intent = login("c");
    const file = await program.current.write("c.json", document(intent));
    const verifier = ["--verifier-file", await program.current.write("verifier.json", verifierFile)];
    await program.current.run(["create", "--from", file, ...verifier], { env: env() });
    await see("login-user-id-nobody", ["login", "user-id", intent.id, ...verifier]);
    await see("wallet-scan-login", ["wallet", "scan", file]);
    await see("wallet-login", ["wallet", "login", file, "--user", "alice"]);
    await see("login-user-id", ["login", "user-id", file, ...verifier]);
  });

  test("the webhook commands", async () => {
    const intent = order("d");
    const file = await program.current.write("d.json", document(intent));
    await program.current.run(["create", "--from", file], { env: env() });
    await see("register-webhook", [
      "register-webhook",
      file,
      "--webhook",
      "http://127.0.0.1:9/paid/a-secret-token",
    ]);
    await see("register-webhook-again", [
      "register-webhook",
      intent.id,
      "--webhook",
      "http://127.0.0.1:9/paid",
    ]);
    const claims = { intent: intent.id, destination, currency: "usd", amount: 2.5, exchangeRate: 0.00001 };
    const token = signTestWebhook(
      { ...claims, quarks: 25_000_000_000n, fees: 250_000n },
      { privateKey: verifierSeed },
    );
    const key = ["--public-key", "GmaDrppBC7P5ARKV8g3djiwP89vz1jLK23V2GBjuAEGB"];
    await see("verify-webhook", ["verify-webhook", "-", ...key, "--expect", file], { stdin: `${token}\n` });
    await see("verify-webhook-unbound", ["verify-webhook", "-", ...key, "--unbound"], { stdin: token });
    const other = await program.current.write("e.json", document(order("e")));
    await see("verify-webhook-mismatch", ["verify-webhook", "-", ...key, "--expect", other], {
      stdin: token,
    });
  });

  test("the commands for bytes", async () => {
    const intent = order("f");
    const file = await program.current.write("f.json", document(intent));
    const dearer = await program.current.write("g.json", document(order("f", { amount: "2.75" })));
    await see("explain", ["explain", file]);
    // The length is one too large.
    const wrong = Buffer.from(intent.toBinary()).toString("hex").replace(/^2a34/, "2a35");
    await see("explain-wrong", ["explain", wrong]);
    await see("diff", ["diff", file, dearer]);
    await see("diff-same", ["diff", file, file]);
    await see("payload-encode", ["payload", "encode", file]);
    await see("payload-decode", ["payload", "decode", file]);
    await see("scan-code-terminal", ["scan-code", file, "--format", "terminal"]);
    await see("scan-code-svg", ["scan-code", file]);
    await see("scan-code-output", ["scan-code", file, "--output", "code.png"]);
    const { stdout } = await program.current.run(["scan-code", file, "--json"]);
    expect(JSON.parse(stdout).svg).toContain("<svg");
  });

  test("keys", async () => {
    const { stdout } = await program.current.run(["keys", "generate", "new.json"]);
    await expect(stdout.replace(/(public key +)\S{43,44}/, "$1<base58>")).toMatchFileSnapshot(
      golden("keys-generate"),
    );
    await program.current.write("verifier.json", verifierFile);
    await see("keys-well-known", ["keys", "well-known", "verifier.json"]);
  });

  test("emulator", async () => {
    await program.current.write("verifier.json", verifierFile);
    const args = ["emulator", "--port", "0", "--signing-key-file", "verifier.json"];
    const running = program.current.start(args);
    await running.said(/CODE_SEQUENCER_URL/);
    running.kill("SIGINT");
    await expect(shown(await running.ended)).toMatchFileSnapshot(golden("emulator"));
  });

  test.for(["bash", "zsh", "fish"])("completion %s", async (shell) => {
    await see(`completion-${shell}`, ["completion", shell]);
  });

  test("failures", async () => {
    await see("error-unknown-option", ["create", "--destinaton", "x"]);
    await see("error-secret", ["create", "--client-secret=Ldp"]);
    await see("error-input", ["create", "--destination", "0", "--amount", "1", "--currency", "usd"]);
    await see("error-no-sequencer", ["status", order("h").id], { env: { CODE_SEQUENCER_URL: "" } });
    await see("error-unreachable", ["status", order("h").id, "--timeout", "5s"], {
      env: { CODE_SEQUENCER_URL: "http://127.0.0.1:9" },
    });
    await see("error-json", ["status", "nobody.json", "--json"]);
  });
});
