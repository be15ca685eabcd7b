import { readFileSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { completedCommand, flat } from "../../src/cli/completion/tree.js";
import { EXIT_CODES } from "../../src/cli/failure/exit-codes.js";
import { createProgram } from "../../src/cli/program.js";
import { Session } from "../../src/cli/session.js";
import { startEmulator } from "./orders.js";
import { useProgram } from "./program.js";

const program = useProgram();
const text = readFileSync(fileURLToPath(new URL("../../docs/cli.md", import.meta.url)), "utf8");

test("the document has an example for every command", () => {
  const all = flat(completedCommand(createProgram(new Session(process, { json: false, noColor: true }))));
  const commands = all.filter(({ path, commands }) => path !== "help" && commands.length === 0);
  expect(commands.length).toBeGreaterThan(18);
  for (const { path } of commands) expect(text, path).toContain(`code-intents ${path} `);
});

test("its table of exit codes equals that of the program", () => {
  const rows = [...text.matchAll(/^\| `(\d[^`]*)` \| (.*) \|$/gm)].map(([, code, meaning]) => ({
    code,
    meaning,
  }));
  expect(rows).toEqual(EXIT_CODES);
});

test("its examples run unchanged, one after the other", async () => {
  const { directory } = program.current;
  await mkdir(join(directory, "bin"));
  const command = join(
    directory,
    await program.current.write(
      "bin/code-intents",
      `#!/bin/sh\nexec '${process.execPath}' '${program.current.main}' "$@"\n`,
    ),
  );
  await chmod(command, 0o755);
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block);
  expect(blocks.length).toBeGreaterThan(8);
  await using emulator = await startEmulator();
  const env = { CODE_SEQUENCER_URL: emulator.url, PATH: `${join(directory, "bin")}:${process.env.PATH}` };
  const script = ["set -euo pipefail", ...blocks].join("\n");
  const { code, stdout, stderr } = await program.current.spawn("bash", ["--norc", "-c", script], { env })
    .ended;
  expect(code, `${stdout}\n${stderr}`).toBe(0);
});
