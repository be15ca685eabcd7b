import { beforeAll, describe, expect, test } from "vitest";
import { type CompletedCommand, completedCommand, flat } from "../../src/cli/completion/tree.js";
import { createProgram } from "../../src/cli/program.js";
import { Session } from "../../src/cli/session.js";
import { useProgram } from "./program.js";

const program = useProgram();

/** Every command of the program. */
function everything(): readonly CompletedCommand[] {
  return flat(completedCommand(createProgram(new Session(process, { json: false, noColor: true }))));
}

describe("bash completes", () => {
  // One shell runs all completions.
  const ask = `
    source ./completion.bash
    while IFS= read -r line; do
      read -ra COMP_WORDS <<<"$line"
      [[ $line == *" " ]] && COMP_WORDS+=("")
      COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
      _code_intents
      echo "\${COMPREPLY[*]}"
    done`;
  const cases: readonly (readonly [line: string, replies: string])[] = [
    ["code-intents cr", "create"],
    ["code-intents w", "watch wallet webhook"],
    ["code-intents create --prot", "--protocol"],
    ["code-intents create --protocol g", "grpc grpc-web"],
    ["code-intents create --amount ", ""],
    ["code-intents create --amount create --fr", "--from"],
    ["code-intents watch an-int", "an-intent.json"],
    ["code-intents create --output an-int", "an-intent.json"],
    ["code-intents create --output two", "two words.json"],
    ["code-intents wallet ", "scan pay reject login"],
    ["code-intents wallet pay --us", "--user"],
    ["code-intents emulator e", "exec"],
    ["code-intents emulator exec --po", "--port"],
    ["code-intents emulator exec -- no-such-prog", ""],
    ["code-intents scan-code --format p", "png"],
    ["code-intents payload encode --format b", "base64 bytes"],
    ["code-intents completion ", "bash zsh fish"],
    ["code-intents help wal", "wallet"],
  ];
  let replies: string[];
  beforeAll(async () => {
    await program.current.write("an-intent.json", "{}");
    await program.current.write("two words.json", "{}");
    await program.current.write(
      "completion.bash",
      (await program.current.run(["completion", "bash"])).stdout,
    );
    const stdin = cases.map(([line]) => `${line}\n`).join("");
    const { code, stdout, stderr } = await program.current.spawn("bash", ["--norc", "-c", ask], { stdin })
      .ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    replies = stdout.split("\n");
  });

  test.for(cases.map(([line, reply], index) => [line, reply, index] as const))("%s", ([, reply, index]) => {
    expect(replies[index]).toBe(reply);
  });
});

describe.each(["bash", "zsh", "fish"] as const)("the script for %s", (shell) => {
  test("has every command and every option of the program", async () => {
    const { stdout } = await program.current.run(["completion", shell]);
    const commands = everything();
    expect(commands.length).toBeGreaterThan(25);
    for (const { path, options } of commands) {
      expect(stdout).toContain(path);
      for (const name of options.flatMap(({ names }) => names)) {
        expect(stdout).toContain(
          shell === "fish" ? name.replace(/^--/, "-l ").replace(/^-(?=.$)/, "-s ") : name,
        );
      }
    }
  });
});
