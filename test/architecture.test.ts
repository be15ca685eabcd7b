import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";

/**
 * The rooms that each room may import from. A room is a folder of src/, or a file beside the folders. Every
 * import points to the right, including imports of types. A new room must be added here.
 */
const allowed: Readonly<Record<string, string>> = {
  "escape-controls": "",
  errors: "escape-controls",
  gen: "",
  contract: "",
  lib: "errors contract",
  wire: "lib errors contract",
  crypto: "errors lib",
  money: "errors lib contract crypto gen",
  rendezvous: "errors lib contract crypto gen money",
  intents: "errors lib contract crypto gen money rendezvous",
  sequencer: "escape-controls errors lib wire contract crypto gen money rendezvous intents",
  events: "escape-controls errors lib wire contract crypto gen money rendezvous intents sequencer",
  client: "errors lib wire contract crypto gen money rendezvous intents sequencer events",
  browser: "errors lib wire contract crypto gen money rendezvous intents sequencer events client",
  "well-known": "errors lib contract crypto gen money rendezvous intents",
  index: "errors lib contract crypto gen money rendezvous intents sequencer events client well-known",
  proto: "gen",
  inspect: "errors lib wire contract crypto gen money rendezvous scan-code",
  webhook: "escape-controls errors lib contract crypto gen money rendezvous intents",
  "scan-code": "errors lib contract gen money rendezvous",
  server: "escape-controls errors lib wire contract crypto gen money rendezvous intents webhook",
  emulator:
    "errors lib wire contract crypto gen money rendezvous intents inspect webhook client index server",
  cli: "escape-controls errors lib contract crypto gen money rendezvous intents inspect webhook scan-code sequencer events client well-known index server emulator",
};

/** Rooms that may import Node's modules, in addition to the Node-only rooms. */
const nodesRooms = new Set(["server", "emulator", "cli"]);
const nodesFiles = new Set(["src/crypto/node.ts", "src/crypto/fallback.ts"]);
/** In these rooms, a file may import them if only Node loads it: Node's transport and its parts. */
const transports = "src/sequencer/transports/";

/** Modules that importing the package on Node must not load. They are loaded on first use. */
const deferred = /^(@connectrpc\/|@bufbuild\/protobuf(?!\/wire$)|tweetnacl$|ws$|@noble\/)/;

type Conditions = string | { readonly [condition: string]: Conditions };

/** The files of a package by path, and the `imports` of its package.json. */
interface Sources {
  readonly files: ReadonlyMap<string, string>;
  readonly imports: Readonly<Record<string, Conditions>>;
}

interface Arrow {
  readonly from: string;
  readonly specifier: string;
  /** The files that it resolves to: none for another package, several if it depends on conditions. */
  readonly to: readonly string[];
  readonly kind: "static" | "dynamic" | "type";
}

/** Returns every violation of the architecture, one line each. */
function violations(sources: Sources): string[] {
  const found: string[] = [];
  const arrows = new Map<string, Arrow[]>();
  for (const [file, text] of sources.files) arrows.set(file, arrowsOf(file, text, sources, found));
  const web = new Set(loaded(arrows, sources, "default", ["static", "dynamic"]).keys());
  for (const [file, of] of arrows) {
    for (const arrow of of) found.push(...directionProblems(file, arrow, web));
  }
  found.push(...cycles(arrows), ...circles(arrows), ...startUpProblems(arrows, sources));
  return found;
}

function arrowsOf(file: string, text: string, sources: Sources, found: string[]): Arrow[] {
  const arrows: Arrow[] = [];
  const add = (specifier: ts.Node | undefined, kind: Arrow["kind"]): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) {
      found.push(`${file} imports what cannot be followed`);
      return;
    }
    const to = resolve(file, specifier.text, sources);
    for (const target of to) {
      if (!sources.files.has(target)) found.push(`${file} imports ${specifier.text}, which leads nowhere`);
    }
    arrows.push({ from: file, specifier: specifier.text, to, kind });
  };
  const visit = (node: ts.Node): void => {
    // Under verbatimModuleSyntax, `import { type A }` still imports at run time. Only `import type` does not.
    if (ts.isImportDeclaration(node)) {
      add(
        node.moduleSpecifier,
        node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword ? "type" : "static",
      );
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      add(node.moduleSpecifier, node.isTypeOnly ? "type" : "static");
    } else if (ts.isImportTypeNode(node)) {
      add(ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, "type");
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], "dynamic");
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return arrows;
}

function resolve(file: string, specifier: string, { imports }: Sources): string[] {
  const own = imports[specifier];
  if (own !== undefined) {
    const source = typeof own === "object" ? own["code-intents-source"] : undefined;
    return leaves(source ?? own).map((path) => posix.normalize(path));
  }
  if (!specifier.startsWith(".")) return [];
  const target = posix.join(posix.dirname(file), specifier);
  return [target.startsWith("src/") ? target.replace(/\.js$/, ".ts") : target];
}

function leaves(value: Conditions): string[] {
  return typeof value === "string" ? [value] : Object.values(value).flatMap(leaves);
}

function roomOf(file: string): string {
  const [top = "", second = ""] = file.split("/");
  return top === "gen" ? "gen" : second.replace(/\.ts$/, "");
}

function directionProblems(file: string, { specifier, to }: Arrow, web: ReadonlySet<string>): string[] {
  const room = roomOf(file);
  const targets = allowed[room]?.split(" ");
  if (targets === undefined) return [`${file} is in the room "${room}", which has no place`];
  if (specifier.startsWith("node:")) {
    const may =
      nodesRooms.has(room) || nodesFiles.has(file) || (file.startsWith(transports) && !web.has(file));
    return may ? [] : [`${file} imports ${specifier}, and does not run on Node alone`];
  }
  if (/^code-intents(\/|$)/.test(specifier)) return [`${file} imports its own package by name`];
  return to
    .filter((target) => roomOf(target) !== room && !targets.includes(roomOf(target)))
    .map((target) => `${file} imports ${target}: no arrow leads from ${room} to ${roomOf(target)}`);
}

/** Returns one line for each group of files that import each other, including imports of types. */
function cycles(arrows: ReadonlyMap<string, readonly Arrow[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const start = path.indexOf(file);
    if (start >= 0) found.push(`a cycle: ${[...path.slice(start), file].join(" -> ")}`);
    if (start >= 0 || done.has(file)) return;
    path.push(file);
    for (const { to } of arrows.get(file) ?? []) to.forEach(visit);
    path.pop();
    done.add(file);
  };
  for (const file of arrows.keys()) visit(file);
  return found;
}

/**
 * Returns one line for each group of neighbours within a room that import each other, including imports of
 * types. Neighbours are the folders and files of one folder. A folder imports what its files import.
 */
function circles(arrows: ReadonlyMap<string, readonly Arrow[]>): string[] {
  const folders = new Map<string, Map<string, Set<string>>>();
  for (const [from, of] of arrows) {
    for (const to of of.flatMap((arrow) => arrow.to)) {
      const pair = neighbours(from, to);
      if (pair === undefined) continue;
      const graph = getOrAdd(folders, pair.folder, () => new Map<string, Set<string>>());
      getOrAdd(graph, pair.from, () => new Set<string>()).add(pair.to);
    }
  }
  return [...folders].flatMap(([folder, graph]) =>
    groups(graph).map((names) => `a circle in ${folder}: ${names.join(", ")}`),
  );
}

/** Returns the folder in which the paths of two files of one room diverge, and the two names in it. */
function neighbours(a: string, b: string): { folder: string; from: string; to: string } | undefined {
  const from = a.split("/");
  const to = b.split("/");
  const depth = from.findIndex((name, index) => name !== to[index]);
  if (from[0] !== "src" || depth < 2) return undefined;
  const nameIn = (path: readonly string[]) => `${path[depth]}${path.length > depth + 1 ? "/" : ""}`;
  return { folder: from.slice(0, depth).join("/"), from: nameIn(from), to: nameIn(to) };
}

/**
 * Returns the groups of names that reach each other, except cycles of files only, which {@link cycles}
 * reports.
 */
function groups(graph: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const reached = new Map([...graph.keys()].map((name) => [name, reachable(graph, name)]));
  const found = new Map<string, string[]>();
  for (const [name, names] of reached) {
    if (!names.has(name)) continue;
    const group = [...names].filter((other) => reached.get(other)?.has(name)).sort();
    if (group.some((other) => other.endsWith("/"))) found.set(group.join(" "), group);
  }
  return [...found.values()];
}

function reachable(graph: ReadonlyMap<string, ReadonlySet<string>>, start: string): Set<string> {
  const found = new Set<string>();
  const open = [start];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const next of graph.get(name) ?? []) {
      if (found.has(next)) continue;
      found.add(next);
      open.push(next);
    }
  }
  return found;
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

/** Returns the modules that src/index.ts loads at once on Node but must not. */
function startUpProblems(arrows: ReadonlyMap<string, readonly Arrow[]>, sources: Sources): string[] {
  const found: string[] = [];
  for (const [file, way] of loaded(arrows, sources, "node", ["static"])) {
    if (["server", "emulator"].includes(roomOf(file)))
      found.push(`start-up loads the ${roomOf(file)}: ${way.join(" -> ")}`);
    for (const { kind, specifier } of arrows.get(file) ?? []) {
      if (kind !== "static" || !deferred.test(specifier)) continue;
      found.push(`start-up loads ${specifier}: ${way.join(" -> ")}`);
    }
  }
  return found;
}

/**
 * Returns the files that src/index.ts loads under a condition by these kinds of imports, each with a path to
 * it.
 */
function loaded(
  arrows: ReadonlyMap<string, readonly Arrow[]>,
  sources: Sources,
  condition: "node" | "default",
  kinds: readonly Arrow["kind"][],
): Map<string, readonly string[]> {
  const ways = new Map<string, readonly string[]>();
  const visit = (file: string, before: readonly string[]): void => {
    if (ways.has(file)) return;
    const way = [...before, file];
    ways.set(file, way);
    for (const { kind, specifier, to } of arrows.get(file) ?? []) {
      if (!kinds.includes(kind)) continue;
      for (const target of under(condition, specifier, sources) ?? to) visit(target, way);
    }
  };
  visit("src/index.ts", []);
  return ways;
}

/** Returns the target of a package import under a condition; `undefined` for other imports. */
function under(condition: string, specifier: string, { imports }: Sources): string[] | undefined {
  let value = imports[specifier];
  if (value === undefined) return undefined;
  while (typeof value === "object")
    value = value["code-intents-source"] ?? value[condition] ?? value.default ?? "";
  return [posix.normalize(value)];
}

const root = fileURLToPath(new URL("..", import.meta.url));

function readSources(): Sources {
  const files = new Map<string, string>();
  for (const [folder, ending] of [
    ["src", ".ts"],
    ["gen", ".js"],
  ] as const) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(ending)) continue;
      files.set(`${folder}/${name.replaceAll("\\", "/")}`, readFileSync(join(root, folder, name), "utf8"));
    }
  }
  const { imports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return { files, imports };
}

describe("the source tree", () => {
  const sources = readSources();

  test("has no import that points back, no cycle, and no Node module in a room that runs everywhere", () => {
    expect(sources.files.size).toBeGreaterThan(50);
    expect(violations(sources)).toEqual([]);
  });

  test("loads the wire libraries only on first use", () => {
    // To show that the search finds them: the deferred modules exist behind dynamic imports.
    const dynamic = [...sources.files].flatMap(([file, text]) =>
      arrowsOf(file, text, sources, []).filter(({ kind }) => kind === "dynamic"),
    );
    expect(dynamic.map(({ specifier }) => specifier)).toEqual(
      expect.arrayContaining(["./connect.js", "@connectrpc/connect-node", "./web-connect.js"]),
    );
  });
});

describe("the architecture check", () => {
  const imports = {
    "#crypto": {
      "code-intents-source": { node: "./src/crypto/node.ts", default: "./src/crypto/portable.ts" },
      node: "./dist/crypto/node.js",
      default: "./dist/crypto/portable.js",
    },
  };
  const sound = {
    "src/index.ts": `export { CodeClient } from "./client/client.js"; export type { Fee } from "./intents/fees.js";`,
    "src/client/client.ts": `import type { Transport } from "@connectrpc/connect"; import { call } from "./call.js";`,
    "src/client/call.ts": `const { open } = await import("../sequencer/open.js");`,
    "src/sequencer/open.ts": `import { createClient } from "@connectrpc/connect"; import type { Fee } from "../intents/fees.js";`,
    "src/intents/fees.ts": `import { BinaryWriter } from "@bufbuild/protobuf/wire"; import { crypto } from "#crypto";`,
    "src/crypto/node.ts": `import nodeCrypto from "node:crypto";`,
    "src/crypto/portable.ts": `import nacl from "tweetnacl";`,
    "src/money/amount.ts": `import type { Value } from "../../gen/code/value_pb.js";`,
    "src/emulator/index.ts": `import http from "node:http"; import { Fee } from "../intents/fees.js";`,
    "gen/code/value_pb.js": `import { fileDesc } from "@bufbuild/protobuf/codegenv2";`,
  };
  const check = (changes: Record<string, string> = {}): string[] =>
    violations({ files: new Map(Object.entries({ ...sound, ...changes })), imports });

  test("passes for a valid tree", () => {
    expect(check()).toEqual([]);
  });

  test.each([
    ["an arrow that points back", `import { CodeClient } from "../client/client.js";`],
    ["an arrow that points back, of types", `import type { CodeClient } from "../client/client.js";`],
    ["an arrow that points back, within a type", `export type A = import("../client/client.js").CodeClient;`],
    ["an arrow that points back, when it runs", `export const load = () => import("../client/client.js");`],
    ["an arrow that points back, of a re-export", `export * from "../client/client.js";`],
  ])("reports %s", (_, text) => {
    expect(check({ "src/money/currency.ts": text })).toEqual([
      "src/money/currency.ts imports src/client/client.ts: no arrow leads from money to client",
    ]);
  });

  test("reports a package import that points back", () => {
    expect(check({ "src/lib/bytes.ts": `import { crypto } from "#crypto";` })).toEqual([
      "src/lib/bytes.ts imports src/crypto/node.ts: no arrow leads from lib to crypto",
      "src/lib/bytes.ts imports src/crypto/portable.ts: no arrow leads from lib to crypto",
    ]);
  });

  test("reports Node's modules in a room that runs everywhere", () => {
    expect(check({ "src/intents/fees.ts": `import { hash } from "node:crypto";` })).toEqual([
      "src/intents/fees.ts imports node:crypto, and does not run on Node alone",
    ]);
  });

  test("allows Node's modules in a file of Node's transport, unless the web loads it too", () => {
    const changes = {
      "src/sequencer/open.ts": `export {};`,
      "src/sequencer/transports/http2.ts": `import http2 from "node:http2";`,
    };
    expect(check(changes)).toEqual([]);
    changes["src/sequencer/open.ts"] = `await import("./transports/http2.js");`;
    expect(check(changes)).toEqual([
      "src/sequencer/transports/http2.ts imports node:http2, and does not run on Node alone",
    ]);
  });

  test("reports a cycle within a room, including imports of types", () => {
    const changes = {
      "src/lib/a.ts": `import type { B } from "./b.js";`,
      "src/lib/b.ts": `import { a } from "./a.js";`,
    };
    expect(check(changes)).toEqual(["a cycle: src/lib/a.ts -> src/lib/b.ts -> src/lib/a.ts"]);
  });

  test("reports a cycle of neighbouring folders without a cycle of files, including imports of types", () => {
    const changes = {
      "src/lib/a/one.ts": `import type { Two } from "../b/two.js";`,
      "src/lib/b/two.ts": `export type Two = 2;`,
      "src/lib/b/three.ts": `import { four } from "../a/four.js";`,
      "src/lib/a/four.ts": `export const four = 4;`,
    };
    expect(check(changes)).toEqual(["a circle in src/lib: a/, b/"]);
    changes["src/lib/b/three.ts"] = `import { two } from "./two.js";`;
    expect(check(changes)).toEqual([]);
  });

  test("reports a cycle of a folder and a file beside it", () => {
    const changes = {
      "src/lib/a/one.ts": `import { two } from "../two.js";`,
      "src/lib/two.ts": `import { three } from "./a/three.js";`,
      "src/lib/a/three.ts": `export const three = 3;`,
    };
    expect(check(changes)).toEqual(["a circle in src/lib: a/, two.ts"]);
  });

  test("reports a cycle of folders deeper in a room, and one of three folders", () => {
    const changes = {
      "src/lib/x/a/one.ts": `import { two } from "../b/two.js";`,
      "src/lib/x/b/two.ts": `export const two = 2;`,
      "src/lib/x/b/three.ts": `import { four } from "../c/four.js";`,
      "src/lib/x/c/four.ts": `export const four = 4;`,
      "src/lib/x/c/five.ts": `import { six } from "../a/six.js";`,
      "src/lib/x/a/six.ts": `export const six = 6;`,
    };
    expect(check(changes)).toEqual(["a circle in src/lib/x: a/, b/, c/"]);
  });

  test("reports an import of the emulator by the server", () => {
    const changes = {
      "src/server/core.ts": `import type { MovableClock } from "../emulator/clock.js";`,
      "src/emulator/clock.ts": `export class MovableClock {}`,
    };
    expect(check(changes)).toEqual([
      "src/server/core.ts imports src/emulator/clock.ts: no arrow leads from server to emulator",
    ]);
  });

  test.each([
    ["@connectrpc/connect", `import { Code } from "@connectrpc/connect";`],
    ["@connectrpc/connect", `import { type Code } from "@connectrpc/connect";`],
    ["@bufbuild/protobuf", `export { create } from "@bufbuild/protobuf";`],
    ["@noble/hashes/sha2.js", `import { sha256 } from "@noble/hashes/sha2.js";`],
    ["tweetnacl", `import nacl from "tweetnacl";`],
  ])("reports %s loaded at start-up by %s", (specifier, text) => {
    const changes = {
      "src/client/client.ts": `import { crypto } from "#crypto";`,
      "src/crypto/node.ts": text,
    };
    expect(check(changes)).toEqual([
      `start-up loads ${specifier}: src/index.ts -> src/client/client.ts -> src/crypto/node.ts`,
    ]);
  });

  test("reports compiled schemas loaded at start-up", () => {
    expect(check({ "src/client/client.ts": `import { value } from "../../gen/code/value_pb.js";` })).toEqual([
      "start-up loads @bufbuild/protobuf/codegenv2: src/index.ts -> src/client/client.ts -> gen/code/value_pb.js",
    ]);
  });

  test("reports the emulator loaded at start-up", () => {
    expect(check({ "src/index.ts": `export { Emulator } from "./emulator/index.js";` })).toEqual(
      expect.arrayContaining([
        "src/index.ts imports src/emulator/index.ts: no arrow leads from index to emulator",
        "start-up loads the emulator: src/index.ts -> src/emulator/index.ts",
      ]),
    );
  });

  test("reports a room without rules, an unresolved import, and one that cannot be followed", () => {
    expect(check({ "src/new/a.ts": `import "./b.js"; await import(name);` })).toEqual([
      "src/new/a.ts imports ./b.js, which leads nowhere",
      "src/new/a.ts imports what cannot be followed",
      'src/new/a.ts is in the room "new", which has no place',
    ]);
  });
});
