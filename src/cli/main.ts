#!/usr/bin/env node
import { CommanderError } from "commander";
import { exitCodes } from "./command.js";
import { interrupted, systemCode, usageError } from "./errors.js";
import { EXIT, EXIT_BROKEN_PIPE } from "./exit-codes.js";
import { failureOf, tellFailure } from "./failure.js";
import { createProgram } from "./program.js";
import { Session } from "./session.js";

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  // What comes behind `--` is for another program.
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  const session = new Session(process, {
    json: own.includes("--json"),
    noColor: own.includes("--no-color"),
  });
  endWithReader();
  session.signals.listen();
  try {
    await createProgram(session).parseAsync(args, { from: "user" });
    return exitCodes.get(session) ?? EXIT.done;
  } catch (error) {
    session.status.set("");
    if (isHelp(error) && (error.exitCode === 0 || !session.json))
      return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const { received } = session.signals;
    const told =
      received !== undefined && failureOf(error).code !== "interrupted" ? interrupted(received) : error;
    const failure = failureOf(isHelp(told) ? usageError("a command is missing", "--help lists them.") : told);
    tellFailure(session, failure);
    return failure.exitCode;
  }
}

/** Help and version are no failures; help that nobody asked for means wrong usage. */
function isHelp(error: unknown): error is CommanderError {
  if (!(error instanceof CommanderError)) return false;
  const { code } = error;
  return code === "commander.help" || code === "commander.helpDisplayed" || code === "commander.version";
}

/** A reader that has enough, such as `head`, ends the program quietly, as it ends every other. */
function endWithReader(): void {
  process.stdout.on("error", (error) => {
    if (systemCode(error) === "EPIPE") process.exit(EXIT_BROKEN_PIPE);
    throw error;
  });
  // Nobody is left to tell.
  process.stderr.on("error", () => {});
}
