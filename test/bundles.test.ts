import { writeFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import vm from "node:vm";
import { type BuildOptions, build, type Metafile } from "esbuild";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { Emulator, SEQUENCER_LIMITS } from "../src/emulator/index.js";
import { CodeClient, PaymentIntent } from "../src/index.js";
import { PackedPackage, run } from "./consumers/packed.js";
import { vectors } from "./support/vectors.js";

const seed = vectors.intents.find(({ id }) => id === "seed-54-byte");
const signature = seed?.signatureHex;

const order = `{ destination: "11111111111111111111111111111111", amount: 10, currency: "usd", idempotencyKey: "1234" }`;

/** The code of a page or a worker: builds, signs, inspects, and calls a sequencer with `fetch`. */
const webEntry = `
  import { fromBinary } from "@bufbuild/protobuf";
  import { CodeClient, PaymentIntent } from "code-intents";
  import { inspectMessage } from "code-intents/inspect";
  import { MessageSchema } from "code-intents/proto/messaging";
  import { toSvg } from "code-intents/scan-code";
  import { signTestWebhook, verifyWebhook } from "code-intents/webhook";

  const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

  export function sign() {
    const intent = PaymentIntent.from(${order});
    const rebuilt = PaymentIntent.fromClientSecret({
      destination: intent.destination,
      amount: intent.amount,
      currency: intent.currency,
      clientSecret: intent.clientSecret,
      expectedId: intent.id,
    });
    return {
      signature: hex(rebuilt.sign().signature),
      kind: fromBinary(MessageSchema, rebuilt.toBinary()).kind.case,
      inspected: inspectMessage(MessageSchema, rebuilt.toBinary()).length,
      drawn: toSvg(rebuilt).startsWith("<svg "),
      random: PaymentIntent.from({ destination: intent.destination, amount: 1, currency: "usd" }).payload.length,
    };
  }

  export async function verify() {
    const intent = PaymentIntent.from(${order});
    const { id, destination, currency } = intent;
    const claims = { intent: id, destination, currency, amount: 10, exchangeRate: 0.00001, quarks: 100000000000n, fees: 0n };
    const body = signTestWebhook(claims, { privateKey: new Uint8Array(32).fill(7) });
    const publicKey = "GmaDrppBC7P5ARKV8g3djiwP89vz1jLK23V2GBjuAEGB";
    return (await verifyWebhook(body, { publicKey, expect: intent })).quarks;
  }

  let ordered;
  const orderedIntent = () => (ordered ??= PaymentIntent.from(${order}));

  export async function listen(baseUrl) {
    const code = new CodeClient({ baseUrl, protocol: "envelope", logger: { warn() {} } });
    try {
      return (await code.paymentIntents.waitForPayment(orderedIntent(), { intervalMs: 60_000, timeoutMs: 110_000 })).heardFrom;
    } finally {
      await code.close();
    }
  }

  export async function call(baseUrl, protocol) {
    const code = new CodeClient({ baseUrl, protocol, logger: { warn() {} } });
    try {
      await code.paymentIntents.create(orderedIntent());
      return (await code.paymentIntents.getStatus(orderedIntent())).state;
    } finally {
      await code.close();
    }
  }
`;

const nodeEntry = `
  import { CodeClient, PaymentIntent } from "code-intents";

  const intent = PaymentIntent.from(${order});
  const states = {};
  for (const protocol of ["rest", "connect", "grpc", "grpc-web", "envelope"]) {
    const code = new CodeClient({ baseUrl: process.argv[2], protocol, logger: { warn() {} } });
    await code.paymentIntents.create(intent);
    states[protocol] = (await code.paymentIntents.getStatus(intent)).state;
    await code.close();
  }
  console.log(JSON.stringify({ signature: Buffer.from(intent.sign().signature).toString("hex"), states }));
`;

const listeningEntry = `
  import { CodeClient, PaymentIntent } from "code-intents";

  const code = new CodeClient({ baseUrl: process.argv[2], protocol: "envelope", logger: { warn() {} } });
  code.paymentIntents
    .waitForPayment(PaymentIntent.from(${order}), { intervalMs: 60_000, timeoutMs: 110_000 })
    .then(({ heardFrom }) => console.log(heardFrom))
    .finally(() => code.close());
`;

let packed: PackedPackage;
let project: string;
let emulator: Emulator;
/** The URL at which the order is registered and paid. */
let paid: Emulator;
beforeAll(async () => {
  const limits = { ...SEQUENCER_LIMITS, usd: { min: 0.05, max: 10 } };
  [packed, emulator, paid] = await Promise.all([
    PackedPackage.create(),
    Emulator.start({ limits }),
    Emulator.start({ limits }),
  ]);
  await using code = new CodeClient({ transport: paid.transport });
  const intent = PaymentIntent.from(seed?.input as never);
  await code.paymentIntents.create(intent);
  await paid.wallet.pay(intent);
  project = await packed.install("bundles");
});
afterAll(async () => {
  await emulator?.close();
  await paid?.close();
  await packed?.remove();
});

interface Bundle {
  readonly code: string;
  /** Modules that the bundle still imports at run time. */
  readonly imports: string[];
  /** The bundled files. */
  readonly inputs: string[];
}

async function bundle(contents: string, options: BuildOptions): Promise<Bundle> {
  const { outputFiles, metafile, warnings } = await build({
    stdin: { contents, resolveDir: project },
    absWorkingDir: project,
    bundle: true,
    write: false,
    metafile: true,
    logLevel: "silent",
    ...options,
  });
  expect(warnings).toEqual([]);
  const [output] = Object.values((metafile as Metafile).outputs);
  return {
    code: outputFiles?.[0]?.text ?? "",
    imports: output?.imports.map(({ path }) => path) ?? [],
    inputs: Object.keys(output?.inputs ?? {}),
  };
}

const nodesOwn = new Set("Buffer process global require module __dirname __filename setImmediate".split(" "));

// Targets that resolve to the same files get the same bundle.
const searched = new Map<string, string[]>();

/** Returns uses of Node globals without a `typeof` check in an enclosing condition. */
function nodeNames(code: string): string[] {
  const known = searched.get(code);
  if (known !== undefined) return known;
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit);
    if (!ts.isIdentifier(node) || !nodesOwn.has(node.text)) return;
    if (!isReference(node) || isDeclaredAround(node) || isAskedFor(node)) return;
    found.push(node.parent.parent.getText().slice(0, 200));
  };
  visit(ts.createSourceFile("bundle.js", code, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS));
  searched.set(code, found);
  return found;
}

function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isTypeOfExpression(parent)) return false;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  const named =
    ts.isPropertyAssignment(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isParameter(parent) ||
    ts.isVariableDeclaration(parent);
  return !(named && parent.name === node);
}

function isAskedFor(node: ts.Identifier): boolean {
  const text = node.getSourceFile().text;
  for (let around: ts.Node = node; !ts.isSourceFile(around); around = around.parent) {
    const decides =
      ts.isIfStatement(around) || ts.isConditionalExpression(around) || ts.isBinaryExpression(around);
    if (decides && text.slice(around.getStart(), node.getStart()).includes(`typeof ${node.text}`))
      return true;
  }
  return false;
}

/** Returns whether an enclosing function has a parameter of that name, as CommonJS wrappers do. */
function isDeclaredAround(node: ts.Identifier): boolean {
  for (let around: ts.Node = node; !ts.isSourceFile(around); around = around.parent) {
    if (!ts.isFunctionLike(around)) continue;
    if (around.parameters.some(({ name }) => ts.isIdentifier(name) && name.text === node.text)) return true;
  }
  return false;
}

/**
 * The globals of every web runtime, and none of Node's. Typed arrays are those of this realm, as in a
 * browser; a new context would have different ones.
 */
function webGlobals(): Record<string, unknown> {
  const names =
    "ArrayBuffer DataView Float64Array Int32Array Uint8Array Uint32Array " +
    "AbortController AbortSignal Blob DOMException Event EventTarget Headers ReadableStream Request Response " +
    "TextDecoder TextEncoder TransformStream URL URLSearchParams WritableStream " +
    "atob btoa clearTimeout console crypto fetch performance queueMicrotask setTimeout structuredClone";
  return {
    ...Object.fromEntries(names.split(" ").map((name) => [name, Reflect.get(globalThis, name)])),
    // Has the platform's interface. Node 20 has no global WebSocket.
    WebSocket,
  };
}

interface WebModule {
  sign(): Record<string, unknown>;
  verify(): Promise<bigint>;
  call(baseUrl: string, protocol: string): Promise<string>;
  listen(baseUrl: string): Promise<string>;
}

function runInContext(code: string, selfNames: readonly string[]): WebModule {
  const context = vm.createContext(webGlobals());
  for (const name of selfNames) vm.runInContext(`globalThis.${name} = globalThis`, context);
  const absent = vm.runInContext("[typeof process, typeof Buffer, typeof require].join()", context);
  expect(absent).toBe("undefined,undefined,undefined");
  vm.runInContext(code, context);
  return vm.runInContext("bundle", context) as WebModule;
}

interface Target {
  readonly name: string;
  readonly options: BuildOptions;
  /** The names of this runtime's global object, in addition to `globalThis`. */
  readonly selfNames: readonly string[];
}

const targets: readonly Target[] = [
  { name: "browser", options: {}, selfNames: ["self", "window"] },
  { name: "worker", options: { conditions: ["worker"] }, selfNames: ["self"] },
  { name: "workerd", options: { conditions: ["workerd", "worker"] }, selfNames: ["self"] },
  { name: "default condition", options: { conditions: [] }, selfNames: [] },
];

for (const { name, options, selfNames } of targets) {
  describe(`a bundle for the ${name}`, () => {
    const web = { platform: "browser", ...options } as const;
    let page: WebModule;
    beforeAll(async () => {
      const { code } = await bundle(webEntry, { ...web, format: "iife", globalName: "bundle" });
      page = runInContext(code, selfNames);
    });

    test("imports nothing, and uses Node globals only after a check", async () => {
      const { code, imports, inputs } = await bundle(webEntry, { ...web, format: "esm" });
      expect(imports).toEqual([]);
      expect(
        inputs.filter((path) =>
          /connect-node|emulator|\/node\.js$|fallback\.js$|\/ws\/|node-sockets/.test(path),
        ),
      ).toEqual([]);
      expect(code).not.toMatch(/["']node:/);
      expect(nodeNames(code)).toEqual([]);
    });

    test("signs like the official packages, with web globals only", () => {
      expect({ ...page.sign() }).toEqual({
        signature,
        kind: "requestToReceiveBill",
        inspected: 54,
        drawn: true,
        random: 20,
      });
    });

    test("verifies a webhook", async () => {
      expect(await page.verify()).toBe(100_000_000_000n);
    });

    test("reaches a sequencer with fetch", async () => {
      for (const protocol of ["connect", "grpc-web", "rest", "envelope"]) {
        expect(await page.call(emulator.url, protocol)).toBe("pending");
      }
    });

    test("reports a payment over the platform's WebSocket", async () => {
      expect(await page.listen(paid.url)).toBe("stream");
    });

    test("rejects gRPC, which web runtimes cannot speak", async () => {
      await expect(page.call(emulator.url, "grpc")).rejects.toMatchObject({ code: "unsupported_by_runtime" });
    });
  });
}

// Optional native modules of ws, which it works without.
const optional = ["bufferutil", "utf-8-validate"];

describe("a bundle for Node", () => {
  test("signs, and reaches a sequencer over every protocol, in a separate process", async () => {
    const { code, imports, inputs } = await bundle(nodeEntry, {
      platform: "node",
      format: "esm",
      target: "node20",
    });
    expect(imports.filter((path) => !isBuiltin(path)).sort()).toEqual(optional);
    expect(inputs.filter((path) => /tweetnacl|portable\.js$|emulator|connect-web/.test(path))).toEqual([]);
    const file = join(packed.directory, "node-bundle.mjs");
    await writeFile(file, code);
    const {
      code: exit,
      stdout,
      stderr,
    } = await run(process.execPath, [file, emulator.url], packed.directory);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      signature,
      states: {
        rest: "pending",
        connect: "pending",
        grpc: "pending",
        "grpc-web": "pending",
        envelope: "pending",
      },
    });
  });

  test("reports a payment over the envelope, if the bundle may call require", async () => {
    const { code, imports } = await bundle(listeningEntry, {
      platform: "node",
      format: "cjs",
      target: "node20",
    });
    expect(imports.filter((path) => !isBuiltin(path)).sort()).toEqual(optional);
    const file = join(packed.directory, "node-bundle.cjs");
    await writeFile(file, code);
    const { stdout, stderr } = await run(process.execPath, [file, paid.url], packed.directory);
    expect({ stdout, stderr }).toEqual({ stdout: "stream\n", stderr: "" });
  });
});

test("the search for Node globals finds an unguarded one", () => {
  expect(nodeNames("const a = Buffer.from([1]);")).toHaveLength(1);
  expect(nodeNames("if (x) { y(process.env.A) }")).toHaveLength(1);
  expect(nodeNames("const { env } = global;")).toHaveLength(1);
  expect(nodeNames("if (typeof process === 'object') a(); b(process.pid);")).toHaveLength(1);
  expect(nodeNames('const a = typeof process === "undefined" ? 1 : process.pid;')).toEqual([]);
  expect(nodeNames("const a = { process() {} }; a.process(); a.Buffer;")).toEqual([]);
});
