import { CommanderError } from "commander";
import { escapeControls } from "../escape-controls.js";
import { CliError, interrupted, usageError } from "./failure/errors.js";
import { EXIT } from "./failure/exit-codes.js";
import { type Failure, failureOf } from "./failure/report.js";
import { secretFlag } from "./io/secrets.js";
import { createProgram } from "./program.js";
import { type ProcessLike, Session } from "./session.js";

/**
 * Runs one command line.
 *
 * @param args arguments without the program's name
 * @returns the exit code
 */
export async function main(args: readonly string[], process: ProcessLike): Promise<number> {
  // Arguments after `--` are for another program.
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  const session = new Session(process, {
    json: own.includes("--json"),
    noColor: own.includes("--no-color"),
  });
  session.signals.listen();
  try {
    await createProgram(session).parseAsync(args, { from: "user" });
    return session.exitCode;
  } catch (error) {
    session.status.set("");
    if (isHelp(error) && (error.exitCode === 0 || !session.json))
      return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const failure = failureOf(causeOf(error, session));
    reportFailure(session, failure);
    return failure.exitCode;
  } finally {
    session.signals.close();
  }
}

/** Returns why the command ended. A signal comes first: what else failed is a consequence of it. */
function causeOf(error: unknown, { signals: { received } }: Session): unknown {
  if (received !== undefined && !(error instanceof CliError && error.code === "interrupted"))
    return interrupted(received);
  if (isHelp(error)) return usageError("no command given", "Run with --help to list the commands.");
  return error instanceof CommanderError ? usageErrorOf(error) : error;
}

/**
 * Returns whether commander ended with help or the version. Help has an error exit code if a command is
 * missing.
 */
function isHelp(error: unknown): error is CommanderError {
  if (!(error instanceof CommanderError)) return false;
  const { code } = error;
  return code === "commander.help" || code === "commander.helpDisplayed" || code === "commander.version";
}

/** Rewords a usage error of commander. An argument that may be a secret is not repeated. */
function usageErrorOf({ message }: CommanderError): CliError {
  const [problem = "", suggestion] = message.replace(/^error: /, "").split("\n");
  const unknown = /^unknown option '([^='"]*)/.exec(problem)?.[1];
  if (unknown === undefined) return usageError(problem, suggestion?.replace(/^\((.*)\)$/, "$1"));
  return (
    secretFlag(unknown) ?? usageError(`unknown option ${unknown}`, suggestion?.replace(/^\((.*)\)$/, "$1"))
  );
}

/** Writes a failure to stderr. */
function reportFailure({ json, err }: Session, failure: Failure): void {
  if (json) {
    err.line(JSON.stringify({ type: "error", ...failure }));
    return;
  }
  const { code, message, hint } = failure;
  err.prose(`${err.paint(["red", "bold"], "error:")} ${message}`, 7);
  err.line(`${err.paint("dim", " code:")} ${code}`);
  if (hint !== undefined) err.prose(`${err.paint("dim", " hint:")} ${escapeControls(hint)}`, 7);
}
