import { CodeIntentsError, type RegistrationUnknownError } from "../../errors.js";
import { withFlagNames } from "./flag-names.js";

/** What the command line says of a failure, where the library's own message speaks to those who call it. */
interface Wording {
  /** In place of the library's message. */
  readonly message?: (error: CodeIntentsError) => string;
  /** What to do. */
  readonly hint?: string;
}

const wordings: Readonly<Record<string, Wording>> = {
  already_submitted: {
    message: () => "This intent was submitted already, so its request can no longer change",
    hint: "If it is your order, it is paid: `code-intents status` asks.",
  },
  deadline_exceeded: { hint: "Give it longer with --timeout, or try again." },
  intent_mismatch: { hint: "The file was changed, or belongs to another order. Show it to nobody." },
  login_timeout: {
    message: withLastFailure,
    hint: "`code-intents watch` waits on; the login may still come.",
  },
  malformed_response: { hint: "Check --url and --protocol." },
  payment_timeout: {
    message: withLastFailure,
    hint: "`code-intents watch` waits on; `code-intents status <id>` asks once.",
  },
  registration_unknown: {
    message: notKnown,
    hint: "Create the same intent again: with the same idempotency key, or by `create --from` and the file that --output wrote.",
  },
  unavailable: { hint: "`code-intents emulator` starts a sequencer on this machine." },
  unimplemented: { hint: "The wallet is the emulator's alone." },
  webhook_refused: {
    hint: "The intent can be paid. `code-intents register-webhook` registers another URL for it.",
  },
  webhook_signature_invalid: {
    message: () =>
      "The webhook is not signed by this public key. Either it is forged, or the key is not that of your sequencer",
    hint: "`code-intents emulator` says which key it signs with; --production takes the production sequencer's.",
  },
  webhook_unconfirmed: { message: withLastFailure },
  webhook_wrong_key: {
    message: () => "The webhook is signed by the production sequencer, and the public key is another one's",
    hint: "Where you serve production, say --production in place of a public key.",
  },
};

// Absent from the table of codes: a sequencer that is not named.
const NO_SEQUENCER =
  "Set CODE_SEQUENCER_URL or --url. `code-intents emulator` starts a sequencer and says where it is.";

/** A failure of the library in the words of the command line. */
export function messageOf(error: CodeIntentsError): string {
  return withFlagNames(wordings[error.code]?.message?.(error) ?? error.message);
}

/** What to do about a failure with this code, where the message does not say it. */
export function hintOf(code: string, field?: string): string | undefined {
  if (code === "missing_option" && field === "--url") return NO_SEQUENCER;
  return wordings[code]?.hint;
}

const known = new WeakMap<object, string>();

/** Says what to do about a failure, where the command knows more than its code. */
export function withHint<E extends object>(error: E, hint: string): E {
  known.set(error, hint);
  return error;
}

/** What a command said by {@link withHint}. */
export function ownHint(error: object): string | undefined {
  return known.get(error);
}

function notKnown(error: CodeIntentsError): string {
  const { intentId } = error as RegistrationUnknownError;
  const last = lastFailure(error, " The last attempt: ");
  return `It is not known whether intent ${intentId} is registered: no attempt was answered clearly.${last}`;
}

/** The library leaves the last failure of a wait to the cause, which nobody sees here. */
function withLastFailure(error: CodeIntentsError): string {
  return error.message.replace(/; see the cause\b/, lastFailure(error, ": "));
}

function lastFailure({ cause }: CodeIntentsError, before: string): string {
  return cause instanceof CodeIntentsError ? `${before}${messageOf(cause)}` : "";
}
