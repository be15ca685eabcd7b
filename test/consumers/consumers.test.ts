import { appendFile, cp, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { vectors } from "../support/vectors.js";
import { compile } from "./compile.js";
import { PackedPackage, repository, run } from "./packed.js";

const projects = fileURLToPath(new URL("./projects", import.meta.url));

const seed = vectors.intents.find(({ id }) => id === "seed-54-byte");
const signature = seed?.signatureHex;

const kind = "requestToReceiveBill";

const typed = {
  signature,
  state: "pending",
  refused: "request_refused",
  kind,
  bound: true,
  domain: 13,
  inspected: 54,
  names: ["code.micropayment.v1.GetStatusRequest", "code.user.v1.Identity", "UNKNOWN"],
  wrong: "gold",
};

/** The output of each program of each project. */
const printed: Record<string, Record<string, unknown>> = {
  "javascript-import": {
    "main.js": {
      signature,
      states: ["pending", "pending", "pending", "pending"],
      kind,
      names: [
        "code.common.v1.Domain",
        "code.transaction.v2.ExchangeData",
        "code.micropayment.v1.MicroPayment",
        "code.user.v1.Identity",
      ],
      verified: true,
      drawn: true,
      lines: true,
    },
  },
  "javascript-require": {
    "main.js": { signature, state: "pending", kind, same: true, sameClass: true },
  },
  "typescript-bundler": {
    "out/main.js": { signature, kind, bytes: 54, inspected: true, answered: 415, built: "10.00" },
  },
  "typescript-es2022": {
    "out/main.js": { signature, state: "pending", answered: 415 },
  },
  "typescript-es2022-messages": {
    "out/main.js": { hex: seed?.messageHex, account: "0".repeat(32), currency: "usd", nativeAmount: 10 },
  },
  "typescript-nodenext": {
    "out/module.mjs": typed,
    "out/commonjs.cjs": typed,
  },
};

let packed: PackedPackage;
beforeAll(async () => {
  packed = await PackedPackage.create();
});
afterAll(async () => {
  await packed?.remove();
});

async function outputOf(project: string, program: string): Promise<unknown> {
  const { code, stdout, stderr } = await run(process.execPath, [program], project);
  if (code !== 0 || stderr !== "") throw new Error(`${program} ended with ${code}:\n${stderr}`);
  return JSON.parse(stdout);
}

async function asksForNode(project: string): Promise<boolean> {
  const manifest = await readFile(join(project, "package.json"), "utf8");
  return JSON.parse(manifest).devDependencies?.["@types/node"] !== undefined;
}

describe.concurrent("a project that installs the packed package", { timeout: 120_000 }, () => {
  for (const [name, programs] of Object.entries(printed)) {
    const compiled = name.startsWith("typescript-");
    test(`${compiled ? "compiles strictly, libraries included, and runs" : "runs"} as ${name}`, async ({
      expect,
    }) => {
      const project = await packed.install(name, join(projects, name));
      if (compiled) {
        const { errors, read } = compile(project);
        expect(errors).toEqual([]);
        // The types come from the package, and Node's types only if the project requests them.
        expect(read.some((file) => file.includes("/node_modules/code-intents/dist/"))).toBe(true);
        expect(read.filter((file) => file.includes("/code-intents/src/"))).toEqual([]);
        expect(read.some((file) => file.includes("/@types/node/"))).toBe(await asksForNode(project));
      }
      for (const [program, output] of Object.entries(programs)) {
        expect(await outputOf(project, program)).toEqual(output);
      }
    });
  }
});

test("runs the installed command", { timeout: 120_000 }, async () => {
  const project = await packed.install("command");
  const { bin, version } = JSON.parse(await readFile(join(packed.files, "package.json"), "utf8"));
  const program = join(packed.files, bin["code-intents"]);
  const asked = await run(process.execPath, [program, "--version"], project);
  expect(asked).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  // The modules that it loads on first use are installed too.
  const ended = await run(
    process.execPath,
    [program, "emulator", "exec", "--", process.execPath, "-e", "0"],
    project,
  );
  expect(ended).toEqual({ code: 0, stdout: "", stderr: "" });
});

describe.concurrent("check of the packed package", { timeout: 120_000 }, () => {
  const script = join(repository, "scripts", "check-package.mjs");
  const all = ["files", "targets", "imports", "maps", "links", "machine", "publint", "types by attw"];

  async function check(tarball: string, program = script): Promise<{ passed: string[]; output: string }> {
    const { stdout } = await run(process.execPath, [program, "--tarball", tarball], packed.directory);
    return { passed: stdout.split("\n").flatMap((line) => /^ok (.*)/.exec(line)?.[1] ?? []), output: stdout };
  }

  test("accepts the package", async ({ expect }) => {
    const { passed, output } = await check(packed.tarball);
    expect(passed, output).toEqual(all);
  });

  test("rejects a package with every possible mistake and reports each", async ({ expect }) => {
    const directory = join(packed.directory, "wrong");
    const home = join(directory, "package");
    await cp(packed.files, home, { recursive: true });
    const manifest = JSON.parse(await readFile(join(home, "package.json"), "utf8"));
    // A condition after `default` is unreachable, and missing type files are not found.
    manifest.exports["./emulator"] = {
      default: "./dist/emulator/index.js",
      types: "./dist/emulator/gone.d.ts",
    };
    await writeFile(join(home, "package.json"), JSON.stringify(manifest));
    await writeFile(join(home, "dist", "index.test.js"), "");
    await rm(join(home, "dist", "inspect", "index.d.ts"));
    await rm(join(home, "gen", "code", "user", "v1", "identity_service_pb.js"));
    await appendFile(
      join(home, "dist", "client", "client.js"),
      '\nimport "left-pad";\n//# sourceMappingURL=client.js.map\n',
    );
    await appendFile(join(home, "README.md"), `\nBuilt in ${join(repository, "dist")}\n`);
    await appendFile(
      join(home, "SECURITY.md"),
      "\n[gone](docs/gone.md) [not packed](CONTRIBUTING.md) [no heading](docs/events.md#no-heading)\n",
    );
    const tarball = join(directory, "wrong.tgz");
    await run("tar", ["-czf", tarball, "package"], directory);

    const { passed, output } = await check(tarball);
    expect(passed).toEqual([]);
    for (const problem of [
      "does not belong: dist/index.test.js",
      "missing: gen/code/user/v1/identity_service_pb.js",
      "no file is ./dist/emulator/gone.d.ts",
      "dist/client/client.js imports left-pad, which is not a dependency",
      "dist/proto/user.js imports ../../gen/code/user/v1/identity_service_pb.js, but there is no",
      "dist/client/client.js names client.js.map, which is missing",
      "SECURITY.md: no such file: docs/gone.md",
      "SECURITY.md: no such file: CONTRIBUTING.md",
      "SECURITY.md: no such anchor: docs/events.md#no-heading",
      /README\.md, line \d+, mentions /,
      /FAILED publint\n(.*\n)*.*types/,
      /FAILED types by attw\n(.*\n)*.*code-intents\/inspect/,
    ]) {
      expect(output).toMatch(problem);
    }
  });

  test("fails if a tool is missing", async ({ expect }) => {
    const root = join(packed.directory, "no-tools");
    await mkdir(root);
    for (const name of ["bench", "docs", "examples", "gen", "proto", "src", "test"])
      await symlink(join(repository, name), join(root, name), "junction");
    await cp(join(repository, "CONTRIBUTING.md"), join(root, "CONTRIBUTING.md"));
    await cp(join(repository, "scripts"), join(root, "scripts"), { recursive: true });
    const { passed, output } = await check(packed.tarball, join(root, "scripts", "check-package.mjs"));
    expect(passed).toEqual(all.filter((name) => name !== "publint" && name !== "types by attw"));
    expect(output).toContain("publint is missing");
    expect(output).toContain("@arethetypeswrong/cli is missing");
  });
});

test("has an expectation for every project", async () => {
  expect((await readdir(projects)).sort()).toEqual(Object.keys(printed).sort());
});
