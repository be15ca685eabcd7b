// Compiles every TypeScript snippet of the documents and every docstring example, runs the documents'
// snippets against an emulator, and follows every link into this repository, anchors included. Needs `npm run
// build` first, since snippets import the package by its name.
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { linkProblem, linksOf, repositoryOf } from "./markdown.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const skipped = new Set(["node_modules", "dist", "gen", "coverage", ".git", ".next", "vectors", "api"]);

/** @returns {string[]} files below a folder with one of the endings, relative to the root */
function filesBelow(folder, ...endings) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : filesBelow(path, ...endings);
    return endings.some((ending) => entry.name.endsWith(ending)) ? [path] : [];
  });
}

const documents = filesBelow(".", ".md");
const problems = [];

const repository = repositoryOf(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));

/** Returns the text that links are resolved in. Only Markdown has anchors. */
function read(path) {
  if (!existsSync(join(root, path))) return undefined;
  return path.endsWith(".md") ? readFileSync(join(root, path), "utf8") : "";
}

for (const document of documents) {
  for (const target of linksOf(readFileSync(join(root, document), "utf8"))) {
    const problem = linkProblem(document, target, { read, repository });
    if (problem !== undefined) problems.push(`${document}: ${problem}`);
  }
}

/** @returns {{ name: string, source: string, code: string }[]} */
function documentSnippets() {
  return documents.flatMap((document) => {
    const text = readFileSync(join(root, document), "utf8");
    return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code], index) => {
      const name = `${document.replace(/[^a-zA-Z0-9]+/g, "-")}-${index + 1}.mts`;
      return { name, source: `${document}, snippet ${index + 1}`, code };
    });
  });
}

// Declarations that docstring examples can use.
const prelude = `
import * as api from "code-intents";
import * as emulatorApi from "code-intents/emulator";
import * as inspectApi from "code-intents/inspect";
type AnyCodeIntentsError = api.AnyCodeIntentsError;
type InspectNode = inspectApi.InspectNode;
type Signer = api.Signer;
declare const order: { amount: string; currency: "usd"; destination: string; intentId: string };
declare const orders: { save(order: object): Promise<void> };
declare const destination: string, clientSecret: string, baseUrl: string;
declare const idempotencySecret: Uint8Array, secretKey: Uint8Array;
declare const kms: { sign(request: { keyId: string; message: Uint8Array }): Promise<Uint8Array> };
declare const app: { use(handler: (...args: any[]) => unknown): void };
declare const code: api.CodeClient, intent: INTENT, emulator: emulatorApi.Emulator, bytes: Uint8Array;
declare function later(work: () => unknown): Promise<void>;
`;

function docstringExamples() {
  return filesBelow("src", ".ts").flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    return [...text.matchAll(/\* ```ts\n([\s\S]*?)\s*\* ```/g)].map(([, block], index) => {
      const code = block.replace(/^\s*\* ?/gm, "");
      const imported = new Set(
        [...code.matchAll(/import (?:type )?\{([^}]*)\}/g)].flatMap(([, names]) => names.split(/[\s,]+/)),
      );
      const usable = (names) =>
        names.filter((name) => new RegExp(`\\b${name}\\b`).test(code) && !imported.has(name));
      const lines = Object.entries(exportedNames)
        .map(([module, names]) => [module, usable(names)])
        .filter(([, names]) => names.length > 0)
        .map(([module, names]) => `import { ${names.join(", ")} } from "${module}";`);
      const declared = new Set(
        [...code.matchAll(/\b(?:const|let|function|using) ([a-zA-Z]+)/g)].map(([, name]) => name),
      );
      const intent = code.includes("loginIntents") ? "LoginIntent" : "PaymentIntent";
      const kept = prelude
        .replace("INTENT", `api.${intent}`)
        .replace(
          /\b(destination|clientSecret|idempotencySecret|code|intent|emulator|bytes|order|orders)\b(?=: )/g,
          (name) => (declared.has(name) ? `${name}_` : name),
        );
      const name = `example-${file.replace(/[^a-zA-Z0-9]+/g, "-")}-${index + 1}.mts`;
      return {
        name,
        source: `${file}, example ${index + 1}`,
        code: `${lines.join("\n")}\n${kept}\n${code}\nexport {};\n`,
      };
    });
  });
}

const exportedNames = {};
for (const module of [
  "code-intents",
  "code-intents/emulator",
  "code-intents/inspect",
  "code-intents/proto/messaging",
]) {
  exportedNames[module] = Object.keys(await import(module));
}

const work = mkdtempSync(join(tmpdir(), "code-intents-docs-"));
try {
  mkdirSync(join(work, "node_modules"));
  // Includes the workspaces' link to the package, because snippets import it by its name.
  for (const entry of readdirSync(join(root, "node_modules"))) {
    if (!entry.startsWith("."))
      symlinkSync(join(root, "node_modules", entry), join(work, "node_modules", entry));
  }
  const snippets = documentSnippets();
  const examples = docstringExamples();
  for (const { name, code } of [...snippets, ...examples]) writeFileSync(join(work, name), code);
  writeFileSync(join(work, "tsconfig.json"), JSON.stringify(tsconfig()));
  writeFileSync(join(work, "package.json"), '{ "type": "module" }');

  const compiled = spawnSync(
    process.execPath,
    [join(root, "node_modules/typescript/bin/tsc"), "-p", work, "--pretty", "false"],
    {
      cwd: work,
      encoding: "utf8",
    },
  );
  for (const line of compiled.stdout.split("\n")) {
    const match = /^(\S+?\.mts)\((\d+).*?error (.*)$/.exec(line);
    const at = [...snippets, ...examples].find(({ name }) => name === match?.[1]);
    if (at !== undefined) problems.push(`${at.source}: line ${match[2]}: ${match[3]}`);
    else if (line.includes("error ")) problems.push(line);
  }

  if (problems.length === 0) await runSnippets(work, snippets);
  console.log(
    `${documents.length} documents, ${snippets.length} snippets run, ${examples.length} docstring examples compiled`,
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}

function tsconfig() {
  return {
    compilerOptions: {
      target: "es2022",
      lib: ["es2022", "esnext.disposable", "dom", "dom.iterable"],
      module: "nodenext",
      types: ["node"],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      outDir: "out",
    },
    include: ["*.mts"],
  };
}

/** Runs each snippet in a separate process, two at a time, against one emulator. */
async function runSnippets(folder, snippets) {
  const { Emulator } = await import("code-intents/emulator");
  const { wellKnownFile } = await import("code-intents");
  // Solana's secret key of the seed 08 08 ..., in base58.
  const verifierKey =
    "AKAh9LUoWFG2sxAMotzmLNpKwPTCiG6Q4YTwAinZMnkwKU3YLPTy6uWZgHvLhkmW3Y3AjKGDc8gzbd9FwHWrygV";
  const emulator = await Emulator.start({
    fetchWellKnown: async () => ({ status: 200, body: wellKnownFile([verifierKey]) }),
  });
  const env = {
    ...process.env,
    CODE_SEQUENCER_URL: emulator.url,
    CODE_IDEMPOTENCY_SECRET: "0123456789".repeat(4),
    CODE_VERIFIER_KEY: verifierKey,
  };
  const waiting = snippets.values();
  const runner = async () => {
    for (const { name, source } of waiting) {
      const child = spawn(process.execPath, [join("out", name.replace(/\.mts$/, ".mjs"))], {
        cwd: folder,
        env,
        timeout: 30_000,
      });
      let stderr = "";
      child.stderr.on("data", (chunk) => {
        stderr += chunk;
      });
      child.stdout.resume();
      const exit = await new Promise((resolve) =>
        child.once("close", (status, signal) => resolve(status ?? signal)),
      );
      if (exit !== 0) problems.push(`${source}: ended with ${exit}\n${stderr}`);
    }
  };
  await Promise.all([runner(), runner()]);
  await emulator.close();
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error(`${problems.length} problems in ${relative(process.cwd(), root) || "the documents"}`);
  process.exitCode = 1;
}
