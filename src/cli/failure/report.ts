import { CodeIntentsError, InputError, SequencerError } from "../../errors.js";
import { escapeControls } from "../../escape-controls.js";
import { CliError, systemCode } from "./errors.js";
import { EXIT } from "./exit-codes.js";
import { flagOf, withFlagNames } from "./flag-names.js";
import { hintOf, messageOf, ownHint } from "./hints.js";

/** A failure as reported on stderr, as text or JSON. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  /** How to fix it. */
  readonly hint?: string | undefined;
  /** The invalid option. */
  readonly field?: string | undefined;
  /** Whether the same command may succeed later. */
  readonly retryable?: boolean;
  /** The sequencer's own words, unescaped. */
  readonly sequencerMessage?: string | undefined;
  readonly exitCode: number;
}

/** Converts an error to a failure. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CliError) {
    const { code, message, hint, exitCode } = error;
    return { code, message, hint, exitCode };
  }
  if (error instanceof CodeIntentsError) return ofLibrary(error);
  const code = systemCode(error);
  if (code !== undefined && /^E[A-Z0-9]+$/.test(code)) {
    const hint =
      code === "EADDRINUSE"
        ? "Another program uses this port. Choose another --port, or 0 for any free port."
        : undefined;
    return {
      code: "system_error",
      message: escapeControls((error as Error).message),
      hint,
      exitCode: EXIT.failed,
    };
  }
  return {
    code: "defect",
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    hint: "This is a bug in code-intents. Please report it, without any secrets.",
    exitCode: EXIT.failed,
  };
}

function ofLibrary(error: CodeIntentsError): Failure {
  const { code, retryable } = error;
  const field = error instanceof InputError ? flagOf(error.field) : undefined;
  const message =
    error instanceof InputError
      ? `${field}${withFlagNames(error.message.slice(error.field.length))}`
      : messageOf(error);
  return {
    code,
    message,
    hint: ownHint(error) ?? hintOf(code, field),
    ...(field === undefined ? {} : { field }),
    retryable,
    ...(error instanceof SequencerError ? { sequencerMessage: error.sequencerMessage } : {}),
    exitCode: exitCodeOfCode(code),
  };
}

function exitCodeOfCode(code: string): number {
  switch (code) {
    case "missing_option":
    case "invalid_option":
    case "unknown_option":
    case "conflicting_options":
    case "unsupported_by_protocol":
    case "unsupported_by_runtime":
      return EXIT.usage;
    case "payment_timeout":
    case "login_timeout":
    case "webhook_unconfirmed":
      return EXIT.timeout;
    case "payment_rejected":
    case "login_rejected":
      return EXIT.rejected;
    case "intent_mismatch":
    case "scan_code_unreadable":
      return EXIT.mismatch;
    default:
      return code.startsWith("webhook_") && code !== "webhook_refused" ? EXIT.mismatch : EXIT.failed;
  }
}
