import { CodeIntentsError, type RegistrationUnknownError } from "../../errors.js";
import { withFlagNames } from "./flag-names.js";

/** The command line's text for an error whose message addresses users of the library. */
interface Wording {
  /** Replaces the library's message. */
  readonly message?: (error: CodeIntentsError) => string;
  /** How to fix it. */
  readonly hint?: string;
}

const wordings: Readonly<Record<string, Wording>> = {
  already_submitted: {
    message: () => "The intent is already submitted, so its request can no longer change",
    hint: "This does not prove that your order is paid. Fulfil it only on a webhook that matches the order.",
  },
  deadline_exceeded: { hint: "Increase --timeout, or try again." },
  intent_mismatch: { hint: "The file was changed or belongs to another order. Do not show it to a payer." },
  login_timeout: {
    message: withLastFailure,
    hint: "Run `code-intents watch` to continue waiting. The user can still log in.",
  },
  malformed_response: { hint: "Check --url and --protocol." },
  payment_timeout: {
    message: withLastFailure,
    hint: "Run `code-intents watch` to continue waiting, or `code-intents status <id>` to check once.",
  },
  registration_unknown: {
    message: notKnown,
    hint: "Create the same intent again: use the same idempotency key, or `create --from` with the file that --output wrote.",
  },
  unavailable: { hint: "Run `code-intents emulator` to start a sequencer on this machine." },
  unimplemented: { hint: "Only the emulator has a wallet." },
  webhook_refused: {
    hint: "The intent is registered. Check `code-intents status`; if it is not paid, run `code-intents register-webhook` with another URL.",
  },
  webhook_signature_invalid: {
    message: () =>
      "The signature is not by this public key. The webhook is forged, or the key belongs to another sequencer",
    hint: "`code-intents emulator` prints its public key. For the production sequencer, pass --production.",
  },
  webhook_unconfirmed: { message: withLastFailure },
  webhook_wrong_key: {
    message: () => "The production sequencer signed the webhook, but the public key is a different one",
    hint: "If this is a production webhook, pass --production instead of a public key.",
  },
};

// The hint for a missing --url. Its code alone has no hint.
const NO_SEQUENCER =
  "Set CODE_SEQUENCER_URL or pass --url. `code-intents emulator` starts a sequencer and prints its URL.";

/** Returns the message of an error in the terms of the command line. */
export function messageOf(error: CodeIntentsError): string {
  return withFlagNames(wordings[error.code]?.message?.(error) ?? error.message);
}

/** Returns how to fix an error with this code, if its message does not say so. */
export function hintOf(code: string, field?: string): string | undefined {
  if (code === "missing_option" && field === "--url") return NO_SEQUENCER;
  return wordings[code]?.hint;
}

const known = new WeakMap<object, string>();

/** Attaches a hint to an error. It replaces the hint of the code. */
export function withHint<E extends object>(error: E, hint: string): E {
  known.set(error, hint);
  return error;
}

/** Returns the hint that {@link withHint} attached. */
export function ownHint(error: object): string | undefined {
  return known.get(error);
}

function notKnown(error: CodeIntentsError): string {
  const { intentId } = error as RegistrationUnknownError;
  const last = lastFailure(error, " The last attempt: ");
  return `It is unknown whether intent ${intentId} is registered: no attempt got a clear response.${last}`;
}

/** Inserts the message of the cause, which the command line does not show otherwise. */
function withLastFailure(error: CodeIntentsError): string {
  return error.message.replace(/; see the cause\b/, lastFailure(error, ": "));
}

function lastFailure({ cause }: CodeIntentsError, before: string): string {
  return cause instanceof CodeIntentsError ? `${before}${messageOf(cause)}` : "";
}
