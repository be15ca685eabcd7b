import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Command } from "commander";
import { addCommand, completeCommand } from "../command.js";
import { CliError, interrupted, systemCode } from "../failure/errors.js";
import { EXIT } from "../failure/exit-codes.js";
import { reasonOf } from "../io/inputs.js";
import { addServeOptions, type ServeOptions, startEmulator } from "../options/emulator.js";
import type { Session } from "../session.js";

/** `code-intents emulator exec` */
export function addExec(parent: Command, session: Session): void {
  const command = addCommand(
    parent,
    "exec",
    "Run a command with a separate emulator",
    "Start an emulator, run a command with CODE_SEQUENCER_URL and CODE_WEBHOOK_PUBLIC_KEY set, stop the emulator, and exit as the command exits.",
  )
    .argument("<command...>", "command to run, with its arguments")
    .passThroughOptions();
  addServeOptions(command, 0);
  completeCommand<ServeOptions>(command, {
    session,
    notes: ["Prints nothing but the output of the command. Exits with 128 + n if signal n ends the command."],
    examples: [
      { line: "code-intents emulator exec -- npm test" },
      { line: "code-intents emulator exec --limit usd=0.05:250 -- node checkout.mjs" },
    ],
    run: (args, options) => exec(session, args, options),
  });
}

async function exec(
  session: Session,
  [program = "", ...args]: readonly string[],
  options: ServeOptions,
): Promise<number> {
  const emulator = await startEmulator(session, options);
  try {
    if (session.signals.received !== undefined) throw interrupted(session.signals.received);
    const child = spawn(program, args, {
      stdio: "inherit",
      cwd: session.directory,
      env: {
        ...session.env,
        CODE_SEQUENCER_URL: emulator.url,
        CODE_WEBHOOK_PUBLIC_KEY: emulator.webhookPublicKey,
      },
    });
    session.signals.forward((signal) => {
      // On a terminal, Ctrl-C also reaches the child directly. A second signal could force it to quit.
      if (signal !== "SIGINT" || !session.inputs.isTerminal) child.kill(signal);
    });
    return await endOf(child, program);
  } finally {
    await emulator.close();
  }
}

/** Returns the exit code of a child, as a shell reports it. */
function endOf(child: ChildProcess, program: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", (error) => {
      const found = systemCode(error) !== "ENOENT";
      const why = found ? reasonOf(error) : "command not found";
      const exitCode = found ? EXIT.notExecutable : EXIT.notFound;
      reject(new CliError("command_failed", `cannot run ${program}: ${why}`, { exitCode }));
    });
    child.once("exit", (code, signal) =>
      resolve(signal === null ? (code ?? EXIT.failed) : 128 + constants.signals[signal]),
    );
  });
}
