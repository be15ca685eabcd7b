import type { ErrorCode } from "../../errors.js";
import { escapeControls } from "../../escape-controls.js";
import { type EndingSignal, EXIT, exitCodeOf } from "./exit-codes.js";

/** Error codes that only the command line uses. */
export type CliErrorCode =
  /** Options or arguments are invalid. */
  | "usage"
  /** A file or standard input cannot be read, or has the wrong content. */
  | "unusable_input"
  /** A secret was passed as an argument, which every user of the machine can read. */
  | "secret_on_command_line"
  /** The output path exists. */
  | "file_exists"
  /** A file cannot be written, or a port is not available. */
  | "system_error"
  /** `emulator exec` cannot run the command. */
  | "command_failed"
  /** A signal ended the command. */
  | "interrupted";

/** Options of {@link CliError}. */
export interface CliErrorInit {
  readonly exitCode?: number;
  /** How to fix it, as a sentence. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** A failure that the command line detects. The message is one line and contains no secret. */
export class CliError extends Error {
  readonly code: CliErrorCode | ErrorCode;
  readonly exitCode: number;
  readonly hint: string | undefined;

  constructor(code: CliErrorCode | ErrorCode, message: string, init: CliErrorInit = {}) {
    super(escapeControls(message), init.cause === undefined ? undefined : { cause: init.cause });
    this.name = "CliError";
    this.code = code;
    this.exitCode = init.exitCode ?? EXIT.usage;
    this.hint = init.hint;
  }
}

/** Returns the error for invalid options or arguments. */
export function usageError(message: string, hint?: string): CliError {
  return new CliError("usage", message, { hint });
}

/** Returns the error for a secret in an argument. The message does not contain the secret. */
export function secretOnCommandLine(what: string, remedy: string): CliError {
  return new CliError(
    "secret_on_command_line",
    `do not pass ${what} on the command line: every user of this machine and the shell's history can read it`,
    { hint: remedy },
  );
}

/** Returns the error for a command that a signal ended. `outlook` states what remains open. */
export function interrupted(signal: EndingSignal, outlook?: string): CliError {
  const message = outlook === undefined ? "interrupted" : `interrupted; ${outlook}`;
  return new CliError("interrupted", message, { exitCode: exitCodeOf(signal) });
}

/** Returns the code of a system error, such as `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}
