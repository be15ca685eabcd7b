import { type ErrorCode, RegistrationUnknownError, TransportError } from "../errors.js";
import type { Intent } from "../intents/intent.js";
import { type CallRunner, withArrival } from "../sequencer/call.js";
import type { CallOptions } from "../sequencer/port.js";
import type { Logger } from "./options.js";

/** Registers an intent of any kind; see `PaymentIntents.create`. */
export async function registerIntent(
  run: CallRunner,
  intent: Intent,
  options: CallOptions | undefined,
  logger: Logger,
): Promise<void> {
  let wasSigned = intent.login === undefined;
  const webhook = await run(
    options,
    async (sequencer, attempt) => {
      // Only a verifier's key may be elsewhere, and slow.
      if (!wasSigned) {
        await intent.signAsync();
        attempt.signal.throwIfAborted();
        wasSigned = true;
      }
      return sequencer.register(intent, attempt);
    },
    (error, mayHaveArrived) => {
      if (!wasSigned) return unsent(error);
      return mayHaveArrived && !isClear(error)
        ? new RegistrationUnknownError(intent.id, intent, error)
        : error;
    },
  );
  if (webhook === "already_registered") warnOfForeignWebhook(intent, logger);
}

/** The error of a call that ended before the verifier had signed: whatever a deadline says otherwise, nothing was sent. */
function unsent(error: unknown): unknown {
  if (!(error instanceof TransportError)) return error;
  if (error.code !== "deadline_exceeded") return withArrival(error, false);
  const message =
    "The call ended at its deadline, before the signer of login.verifier had answered; nothing was sent. Call again, or raise timeoutMs";
  return new TransportError("deadline_exceeded", { message, retryable: true, mayHaveArrived: false });
}

function warnOfForeignWebhook({ id }: Intent, logger: Logger): void {
  logger.warn(
    `code-intents: a webhook was registered for intent ${id} before, and its URL is unknown. It is yours if you ` +
      "created this intent with it before; otherwise somebody was faster, and you will hear of what becomes of the intent by its status alone.",
  );
}

// What needs no second look, also where an earlier attempt was left open: the caller ended the call, or the sequencer
// told what is registered at the key. Any other refusal may concern the last attempt alone.
const clearCodes: ReadonlySet<unknown> = new Set<ErrorCode>([
  "aborted",
  "client_closed",
  "already_submitted",
  "intent_conflict",
  "webhook_refused",
]);

function isClear(error: unknown): boolean {
  return clearCodes.has((error as { code?: unknown } | undefined)?.code);
}
