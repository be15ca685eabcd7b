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
    "Run a command with an emulator of its own",
    "Start an emulator, run a command with CODE_SEQUENCER_URL and CODE_WEBHOOK_PUBLIC_KEY set, stop, and end as the command ended.",
  )
    .argument("<command...>", "what to run, with its arguments")
    .passThroughOptions();
  addServeOptions(command, 0);
  completeCommand<ServeOptions>(command, {
    session,
    notes: [
      "Nothing is written but what the command writes. It ends with 128 + n where signal n ended the command.",
    ],
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
      // Ctrl-C on a terminal reaches the child without us; twice would be another wish.
      if (signal !== "SIGINT" || !session.inputs.isTerminal) child.kill(signal);
    });
    return await endOf(child, program);
  } finally {
    await emulator.close();
  }
}

/** The exit code of a child, as a shell gives it. */
function endOf(child: ChildProcess, program: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", (error) => {
      const found = systemCode(error) !== "ENOENT";
      const why = found ? reasonOf(error) : "no such command";
      const exitCode = found ? EXIT.notExecutable : EXIT.notFound;
      reject(new CliError("command_failed", `cannot run ${program}: ${why}`, { exitCode }));
    });
    child.once("exit", (code, signal) =>
      resolve(signal === null ? (code ?? EXIT.failed) : 128 + constants.signals[signal]),
    );
  });
}
