import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { order } from "./orders.js";
import { useProgram } from "./program.js";

const program = useProgram();

/** Returns the files that a run loads, as V8 reports them. */
async function loadedBy(args: readonly string[]): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), "code-intents-cli-coverage-"));
  try {
    const { stderr } = await program.current.spawn(process.execPath, [program.current.unbundled, ...args], {
      env: { NODE_V8_COVERAGE: directory },
    }).ended;
    expect(stderr).toBe("");
    const [report = ""] = await readdir(directory);
    const { result } = JSON.parse(await readFile(join(directory, report), "utf8"));
    return result.map(({ url }: { url: string }) => url).filter((url: string) => url.startsWith("file:"));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const heavy =
  /@connectrpc|@bufbuild|resvg|noble|tweetnacl|\/jose\/|\/gen\/|dist\/(emulator|inspect|scan-code|webhook|events|client)\//;

test.for([["--help"], ["create", "--help"], ["--version"], ["completion", "bash"]])(
  "%s loads nothing that it does not need",
  async (args) => {
    const loaded = await loadedBy(args);
    expect(loaded.some((url) => url.endsWith("/dist/cli/main.js"))).toBe(true);
    expect(loaded.filter((url) => heavy.test(url))).toEqual([]);
  },
);

test("the libraries of the protocol are loaded when needed, so the check can fail", async () => {
  const loaded = await loadedBy(["explain", Buffer.from(order("x").toBinary()).toString("hex")]);
  expect(loaded.filter((url) => heavy.test(url)).length).toBeGreaterThan(10);
});

test("the version is that of the package", async () => {
  for (const flag of ["--version", "-V"])
    expect((await program.current.run([flag])).stdout).toBe(`${manifest.version}\n`);
});

test.for([[], ["wallet"], ["keys"], ["payload"]])(
  "%j without a command prints help on stderr, and ends with 2",
  async (args) => {
    const { code, stdout, stderr } = await program.current.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^Usage: code-intents /);
  },
);
