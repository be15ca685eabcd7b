import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Emulator } from "../../src/emulator/index.js";
import { encodeScanCode } from "../../src/scan-code/index.js";
import { document, idempotencySecret, order, startEmulator, verifierFile } from "./orders.js";
import { useProgram } from "./program.js";

const program = useProgram();

const intent = order("secret");
const hex = Buffer.from(intent.payload).toString("hex");
const encoded = Buffer.from(encodeScanCode(intent.payload)).toString("hex");
const grouped = (digits: string): string => digits.replace(/(..)(?=.)/g, "$1:");

// Nothing is sent there.
const env = { CODE_SEQUENCER_URL: "http://127.0.0.1:9" };

describe("a secret on the command line is rejected and not repeated:", () => {
  test.for([
    ["a client secret as an option", ["create", "--client-secret", intent.clientSecret], intent.clientSecret],
    [
      "a client secret within an option",
      ["watch", `--client-secret=${intent.clientSecret}`],
      intent.clientSecret,
    ],
    ["a client secret instead of a file", ["watch", intent.clientSecret], intent.clientSecret],
    ["an intent instead of a file", ["watch", JSON.stringify(document(intent))], intent.clientSecret],
    ["an idempotency secret", ["create", "--idempotency-secret", idempotencySecret], idempotencySecret],
    ["a verifier's key", ["login", "--verifier", verifierFile], verifierFile],
    ["a verifier's key instead of a file", ["keys", "well-known", verifierFile], verifierFile],
    [
      "a control token",
      ["wallet", "pay", "--control-token", "0123456789abcdef", intent.id],
      "0123456789abcdef",
    ],
    ["a key that signs webhooks", ["emulator", "--signing-key", verifierFile], verifierFile],
    ["a payload instead of a file", ["wallet", "scan", hex], hex],
    ["a payload in groups", ["wallet", "scan", grouped(hex)], grouped(hex)],
    ["a scan code instead of a file", ["scan-code", "--decode", encoded], encoded],
    ["a scan code in groups", ["scan-code", "--decode", grouped(encoded)], grouped(encoded)],
    [
      "a payload in base64 instead of a file",
      ["scan-code", Buffer.from(intent.payload).toString("base64")],
      Buffer.from(intent.payload).toString("base64"),
    ],
  ] as const)("%s", async ([, args, secret]) => {
    const { code, stdout, stderr } = await program.current.run(args, { env });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("secret_on_command_line");
    expect(stderr).not.toContain(secret);
  });
});

describe("unreadable input is not repeated:", () => {
  test.for([
    ["a document that is not JSON", ["watch", "-"], `{"clientSecret": "${intent.clientSecret}`],
    [
      "a document with a malformed client secret",
      ["watch", "-"],
      JSON.stringify({ ...document(intent), clientSecret: "0OIl0OIl0OIl" }),
    ],
    ["a key that is not JSON", ["keys", "well-known", "-"], "[1, 2, 0OIl0OIl0OIl"],
    ["an invalid key", ["keys", "well-known", "-"], "0OIl0OIl0OIl"],
    ["a key of the wrong length", ["keys", "well-known", "-"], "[201,202,203]"],
  ] as const)("%s", async ([, args, stdin]) => {
    const { code, stdout, stderr } = await program.current.run(args, { stdin });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).not.toMatch(new RegExp(`${intent.clientSecret}|0OIl0OIl|201,202`));
  });
});

describe("a secret", () => {
  const details = ["--destination", intent.destination, "--amount", "2.50", "--currency", "usd"];
  const create = ["create", ...details, "--idempotency-key", "secret", "--dry-run"];

  test("is read from the environment, a file or standard input, and a file takes precedence", async () => {
    const path = await program.current.write("idempotency.txt", `${idempotencySecret}\n`);
    const file = ["--idempotency-secret-file", path];
    const wrong = { CODE_IDEMPOTENCY_SECRET: "another secret that has thirty-two bytes" };
    const ids = await Promise.all([
      program.current.json<{ id: string }>(create, { env: { CODE_IDEMPOTENCY_SECRET: idempotencySecret } }),
      program.current.json<{ id: string }>([...create, ...file], { env: wrong }),
      program.current.json<{ id: string }>([...create, "--idempotency-secret-file", "-"], {
        stdin: idempotencySecret,
      }),
    ]);
    expect(ids.map(({ id }) => id)).toEqual([intent.id, intent.id, intent.id]);
  });

  test("must not be empty", async () => {
    const { code, stderr } = await program.current.run([...create, "--idempotency-secret-file", "-"], {
      stdin: "\n",
    });
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining("is empty") });
  });
});

describe("output", () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await startEmulator();
  });
  afterAll(() => emulator?.close());

  test("contains neither the client secret nor the path of a webhook", async () => {
    const url = "http://127.0.0.1:9/paid/an-unguessable-token";
    const env = { CODE_SEQUENCER_URL: emulator.url };
    const file = await program.current.write("shown.json", { ...document(intent), webhook: { url } });
    const runs = [
      await program.current.run(["create", "--from", file], { env }),
      await program.current.run(["status", file], { env }),
      await program.current.run(["wallet", "pay", file], { env }),
      await program.current.run(["watch", file], { env }),
    ];
    for (const { code, stdout, stderr } of runs) {
      expect(code, stderr).toBe(0);
      expect(stdout + stderr).not.toMatch(new RegExp(`${intent.clientSecret}|${hex}|unguessable`));
    }
  });

  test("reads the URL of a webhook from a file", async () => {
    const url = "http://127.0.0.1:9/paid/an-unguessable-token";
    const path = await program.current.write("url.txt", `${url}\n`);
    const args = [
      "create",
      "--destination",
      intent.destination,
      "--amount",
      "1",
      "--currency",
      "usd",
      "--webhook-file",
      path,
    ];
    const { webhook } = await program.current.json<{ webhook: object }>([...args, "--dry-run"]);
    expect(webhook).toEqual({ url });
  });

  test("reads the control token of the wallet from the environment or a file", async () => {
    const controlToken = "sixteen characters";
    await using closed = await startEmulator({ controlToken });
    const env = { CODE_SEQUENCER_URL: closed.url };
    const file = await program.current.write("closed.json", document(intent));
    await program.current.json(["create", "--from", file], { env });
    const refused = await program.current.run(["wallet", "pay", intent.id], { env });
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("control token") });
    const scan = await program.current.run(["wallet", "scan", file], {
      env: { ...env, CODE_CONTROL_TOKEN: controlToken },
    });
    expect(scan.code).toBe(0);
    const path = await program.current.write("token.txt", controlToken);
    const pay = await program.current.run(["wallet", "pay", intent.id, "--control-token-file", path], {
      env,
    });
    expect(pay.code).toBe(0);
  });
});

test.for([
  ["explain", [hex]],
  ["diff", [hex, hex]],
] as const)("%s warns about bytes that reveal a private key, and explains them", async ([name, bytes]) => {
  const { stdout, stderr } = await program.current.run([name, ...bytes]);
  expect(stderr).toContain("a payload reveals the intent's private key");
  expect(stdout).not.toBe("");
});
