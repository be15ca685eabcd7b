import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, type TestContext, test } from "vitest";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const script = join(repository, "scripts", "check-proto.mjs");

const common = "proto/code/common/v1/model.proto";
const transaction = "proto/code/transaction/v2/transaction_service.proto";
const micropayment = "proto/code/micropayment/v1/micro_payment_service.proto";
const messaging = "proto/code/messaging/v1/messaging_service.proto";
const exempted = `      - ${messaging}\n`;
const user = "proto/code/user/v1/identity_service.proto";

type Name = "lint" | "format" | "breaking" | "drift";
interface Report {
  code: number;
  /** The output of each check; "ok" if it passed. */
  checks: Record<Name, string>;
}

/** A folder for one test, with a place for temporary files that must be empty at the end. */
async function folder({ onTestFinished }: Pick<TestContext, "onTestFinished">): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "contract-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  await mkdir(join(directory, "tmp"));
  return directory;
}

async function copyOfContract(directory: string): Promise<string> {
  const root = join(directory, "copy");
  for (const name of ["proto", "gen", "schema", "buf.yaml", "buf.gen.yaml", ".gitattributes"]) {
    await cp(join(repository, name), join(root, name), { recursive: true });
  }
  return root;
}

function run(command: string, args: string[], directory: string): Promise<{ code: number; output: string }> {
  const temporary = join(directory, "tmp");
  // The caller's git does not take part: neither the repository of a hook nor a user's settings.
  const env: NodeJS.ProcessEnv = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"))),
    GIT_CONFIG_GLOBAL: join(directory, "no-such-file"),
    GIT_CONFIG_NOSYSTEM: "1",
    TMPDIR: temporary,
    TEMP: temporary,
    TMP: temporary,
  };
  return new Promise((resolve, reject) => {
    // Starts in another folder, because the check must not depend on the current one.
    execFile(command, args, { cwd: directory, env }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== "number") reject(error);
      else resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

async function check(directory: string, args: string[], program = script): Promise<Report> {
  const { code, output } = await run(process.execPath, [program, ...args], directory);
  const left = await readdir(join(directory, "tmp"));
  if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
  const section = (name: Name): string => {
    const [, said] = new RegExp(`^((?:ok|FAILED) ${name}\\n(?: .*\\n|\\n)*)`, "m").exec(output) ?? [];
    if (said === undefined) throw new Error(`no result of ${name} in:\n${output}`);
    return said === `ok ${name}\n` ? "ok" : said;
  };
  return {
    code,
    checks: {
      lint: section("lint"),
      format: section("format"),
      breaking: section("breaking"),
      drift: section("drift"),
    },
  };
}

async function edit(root: string, path: string, from: string, to: string): Promise<void> {
  const text = await readFile(join(root, path), "utf8");
  if (text.split(from).length !== 2) throw new Error(`"${from}" does not occur once in ${path}`);
  await writeFile(
    join(root, path),
    text.replace(from, () => to),
  );
}

async function git(directory: string, ...args: string[]): Promise<string> {
  const identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
  const { code, output } = await run("git", [...identity, ...args], directory);
  if (code !== 0) throw new Error(`git ${args.join(" ")}: ${output}`);
  return output.trim();
}

const passed: Report = { code: 0, checks: { lint: "ok", format: "ok", breaking: "ok", drift: "ok" } };

describe.concurrent("check of the wire contract", { timeout: 120_000 }, () => {
  test("passes on this repository when no root is given", async ({ expect, ...context }) => {
    expect(await check(await folder(context), [])).toEqual(passed);
  });

  test("passes on a shallow, detached clone without node_modules", async ({ expect, ...context }) => {
    const directory = await folder(context);
    const root = await copyOfContract(directory);
    const clone = join(directory, "clone");
    await git(directory, "init", "--quiet", root);
    await git(directory, "-C", root, "commit", "--quiet", "--allow-empty", "-m", "first");
    await git(directory, "-C", root, "add", "--all");
    await git(directory, "-C", root, "commit", "--quiet", "-m", "second");
    await git(directory, "clone", "--quiet", "--depth", "1", `file://${root}`, clone);
    await git(directory, "-C", clone, "checkout", "--quiet", "--detach");
    expect(await git(directory, "-C", clone, "rev-parse", "--is-shallow-repository")).toBe("true");
    expect(await git(directory, "-C", clone, "branch", "--show-current")).toBe("");

    expect(await check(directory, ["--root", clone])).toEqual(passed);
    expect(await git(directory, "-C", clone, "status", "--porcelain")).toBe("");
  });

  interface Edit {
    behaviour: string;
    change: (root: string) => Promise<void>;
    /** What each failing check must name. Every other check passes. */
    names: Partial<Record<Name, string[]>>;
  }

  // Each check fails alone in one of them, so that its failure alone decides the exit code.
  const edits: Edit[] = [
    {
      behaviour: "rejects renumbered, renamed and dropped fields and a renamed service, and names each",
      change: async (root) => {
        await edit(root, micropayment, "bool code_scanned = 2;", "bool code_scanned = 4;");
        await edit(root, transaction, "uint32 fee_bps = 2;", "uint32 basis_points = 2;");
        await edit(root, transaction, "  bool is_remote_send = 4;\n", "");
        await edit(root, user, "service Identity {", "service Identities {");
      },
      names: {
        breaking: [
          '"code_scanned"',
          "GetStatusResponse",
          'from "fee_bps" to "basis_points"',
          '"is_remote_send"',
          "SendPrivatePaymentMetadata",
          'service "Identity" was deleted',
        ],
        drift: ["micro_payment_service_pb.js", "transaction_service_pb.d.ts", "identity_service_pb.js"],
      },
    },
    {
      behaviour:
        "accepts a member of Metadata under a number reserved for it, rejects edited, extra and missing files " +
        "in gen/, and names each",
      change: async (root) => {
        await edit(root, transaction, "reserved 1, 3 to 8;", "reserved 1, 3 to 5, 7 to 8;");
        await edit(root, transaction, 'reserved "send_public_payment", ', "reserved ");
        await edit(
          root,
          transaction,
          "send_private_payment = 2;\n",
          "send_private_payment = 2;\n    SendPrivatePaymentMetadata send_public_payment = 6;\n",
        );
        await edit(root, "gen/code/common/v1/model_pb.js", "/* eslint-disable */", "/* edited */");
        await writeFile(join(root, "gen/code/common/v1/notes.txt"), "by hand\n");
        await rm(join(root, "gen/code/user/v1/identity_service_pb.d.ts"));
      },
      names: {
        drift: [
          "different: gen/code/transaction/v2/transaction_service_pb.d.ts, line",
          "different: gen/code/common/v1/model_pb.js, line 3\n",
          "extra: gen/code/common/v1/notes.txt",
          "missing: gen/code/user/v1/identity_service_pb.d.ts",
          "npm run generate",
        ],
      },
    },
    {
      behaviour: "applies every lint rule to a new file, and names each violation",
      change: async (root) => {
        await writeFile(
          join(root, "proto/code/user/v1/extra.proto"),
          [
            'syntax = "proto3";',
            "",
            "package code.user.v1;",
            "",
            "message Extra {",
            "  string camelCase = 1;",
            "}",
            "",
            "service Extras {}",
            "",
          ].join("\n"),
        );
      },
      names: {
        lint: ['"camelCase"', '"Extras"'],
        drift: ["missing: gen/code/user/v1/extra_pb.js"],
      },
    },
    {
      behaviour: "rejects a service name that buf.yaml does not exempt",
      change: (root) => edit(root, "buf.yaml", `    SERVICE_SUFFIX:\n${exempted}`, "    SERVICE_SUFFIX:\n"),
      names: { lint: [messaging, 'Service name "Messaging" should be suffixed with "Service"'] },
    },
    {
      behaviour: "rejects bad formatting",
      change: (root) => edit(root, common, "string service = 2;", "string  service=2;"),
      names: { format: [common, "string service = 2;", "buf format -w"] },
    },
    {
      behaviour: "rejects a missing baseline, and does not skip the comparison",
      change: (root) => rm(join(root, "schema/baseline.binpb")),
      names: { breaking: ["schema/baseline.binpb is missing"] },
    },
  ];

  for (const { behaviour, change, names } of edits) {
    test(behaviour, async ({ expect, ...context }) => {
      const directory = await folder(context);
      const root = await copyOfContract(directory);
      await change(root);
      const report = await check(directory, ["--root", root]);
      expect(report.code).toBe(1);
      for (const name of ["lint", "format", "breaking", "drift"] as const) {
        const said = report.checks[name];
        if (names[name] === undefined) expect(said).toBe("ok");
        else for (const text of names[name]) expect(said).toContain(text);
      }
    });
  }

  test("fails every check and says why if buf is not installed", async ({ expect, ...context }) => {
    const directory = await folder(context);
    const program = join(directory, "scripts", "check-proto.mjs");
    await cp(script, program);
    const { code, checks } = await check(directory, ["--root", repository], program);
    expect(code).toBe(1);
    for (const said of Object.values(checks)) {
      expect(said).toContain("buf is missing");
      expect(said).toContain("npm ci");
    }
  });

  test("fails and says why if protoc-gen-es is not installed", async ({ expect, ...context }) => {
    const directory = await folder(context);
    const program = join(directory, "scripts", "check-proto.mjs");
    await cp(script, program);
    await mkdir(join(directory, "node_modules", "@bufbuild"), { recursive: true });
    const buf = join("node_modules", "@bufbuild", "buf");
    await symlink(join(repository, buf), join(directory, buf), "junction");
    const { code, checks } = await check(directory, ["--root", repository], program);
    expect(code).toBe(1);
    expect(checks).toEqual({
      ...passed.checks,
      drift: expect.stringContaining("protoc-gen-es is missing"),
    });
  });
});
