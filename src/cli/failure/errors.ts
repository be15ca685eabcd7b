import type { ErrorCode } from "../../errors.js";
import { escapeControls } from "../../lib/escape-controls.js";
import { type EndingSignal, EXIT, exitCodeOf } from "./exit-codes.js";

/** Codes of the failures that only the command line has. */
export type CliErrorCode =
  /** Wrong options or arguments. */
  | "usage"
  /** A file or standard input cannot be read, or is not what it must be. */
  | "unusable_input"
  /** A secret was given as an argument, which every user of the machine can read. */
  | "secret_on_command_line"
  /** A file that would be written exists. */
  | "file_exists"
  /** A file cannot be written, or a port cannot be had. */
  | "system_error"
  /** `emulator exec` cannot run its command. */
  | "command_failed"
  /** Ended by a signal. */
  | "interrupted";

/** What a {@link CliError} is made of. */
export interface CliErrorInit {
  readonly exitCode?: number;
  /** What to do, as a sentence. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** A failure that the command line finds itself. Its message holds no secret. */
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

/** Wrong options or arguments. */
export function usageError(message: string, hint?: string): CliError {
  return new CliError("usage", message, { hint });
}

/** A secret where others can read it. The message never holds it. */
export function secretOnCommandLine(what: string, remedy: string): CliError {
  return new CliError(
    "secret_on_command_line",
    `${what} does not belong on the command line, where every user of this machine and the shell's history can read it`,
    { hint: remedy },
  );
}

/** The end by a signal, with what is left behind. */
export function interrupted(signal: EndingSignal, outlook?: string): CliError {
  const message = outlook === undefined ? "interrupted" : `interrupted; ${outlook}`;
  return new CliError("interrupted", message, { exitCode: exitCodeOf(signal) });
}

/** The code of a system error, such as `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}
