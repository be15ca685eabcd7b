const hints: Readonly<Record<string, string>> = {
  deadline_exceeded: "Give it longer with --timeout, or try again.",
  intent_mismatch: "The file was changed, or belongs to another order. Show it to nobody.",
  login_timeout: "`code-intents watch` waits on; the login may still come.",
  malformed_response: "Check --url and --protocol.",
  payment_timeout: "`code-intents watch` waits on; `code-intents status <id>` asks once.",
  redirect_refused: "Set --url to where the sequencer is.",
  registration_unknown:
    "Create the same intent again: with the same idempotency key, or by `create --from` and the file that --output wrote.",
  unavailable: "`code-intents emulator` starts a sequencer on this machine.",
  unimplemented: "Check --url and --protocol. The wallet is the emulator's alone.",
  webhook_signature_invalid: "Check --public-key: `code-intents emulator` says which key it signs with.",
};

/** What to do about a failure with this code, where the message does not say it. */
export function hintOf(code: string, field: string | undefined): string | undefined {
  if (code === "missing_option" && field === "--url") {
    return "Set CODE_SEQUENCER_URL or --url. `code-intents emulator` starts a sequencer and says where it is.";
  }
  return hints[code];
}
