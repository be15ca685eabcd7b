import { CodeIntentsError, InputError, SequencerError } from "../../errors.js";
import { escapeControls } from "../../lib/escape-controls.js";
import { CliError, systemCode } from "./errors.js";
import { EXIT } from "./exit-codes.js";
import { flagOf, withFlagNames } from "./flag-names.js";
import { hintOf, messageOf, ownHint } from "./hints.js";

/** A failure as it is reported: on stderr, as text or as a JSON document. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  /** What to do. */
  readonly hint?: string | undefined;
  /** The option at fault. */
  readonly field?: string | undefined;
  /** Whether the very same command may succeed later. */
  readonly retryable?: boolean;
  /** The sequencer's own words. */
  readonly sequencerMessage?: string | undefined;
  readonly exitCode: number;
}

/** The failure that an error amounts to. */
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
        ? "Another program listens there: name another --port, or 0 for a free one."
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
    hint: "This is a defect of code-intents. Please report it, without the secrets that you used.",
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
