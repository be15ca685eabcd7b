import { type ErrorCode, RegistrationUnknownError, SequencerError, TransportError } from "../errors.js";
import type { Intent } from "../intents/intent.js";
import { type CallRunner, withArrival } from "../sequencer/call.js";
import type { CallOptions } from "../sequencer/port.js";
import { withoutWebhook } from "../sequencer/without-webhook.js";
import type { Logger } from "./options.js";

/** Registers an intent of any kind; see `PaymentIntents.create`. */
export async function registerIntent(
  run: CallRunner,
  intent: Intent,
  options: CallOptions | undefined,
  logger: Logger,
): Promise<void> {
  let wasSigned = intent.login === undefined;
  let isStored = false;
  const webhook = await run(
    options,
    async (sequencer, attempt) => {
      // Only a verifier's key can be remote, and slow.
      if (!wasSigned) {
        await intent.signAsync();
        attempt.signal.throwIfAborted();
        wasSigned = true;
      }
      try {
        return await sequencer.register(intent, attempt, () => {
          isStored = true;
        });
      } catch (error) {
        throw isStored ? submittedMeanwhile(error) : error;
      }
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

/**
 * Returns the error of a call whose request was stored, in this attempt or in an earlier one. If the intent
 * was submitted before its webhook was registered, that was this request, so `already_submitted` would be
 * wrong.
 */
function submittedMeanwhile(error: unknown): unknown {
  if (!(error instanceof SequencerError) || error.code !== "already_submitted") return error;
  const why = "It was submitted before the webhook was registered. Its status reports this payment.";
  return withoutWebhook(error, "webhook_refused", why);
}

/**
 * Returns the error of a call that ended before the verifier signed. Nothing was sent, even after a deadline.
 */
function unsent(error: unknown): unknown {
  if (!(error instanceof TransportError)) return error;
  if (error.code !== "deadline_exceeded") return withArrival(error, false);
  const message =
    "The call timed out before the signer of login.verifier returned; nothing was sent. Call again, or raise timeoutMs";
  return new TransportError("deadline_exceeded", { message, retryable: true, mayHaveArrived: false });
}

function warnOfForeignWebhook({ id }: Intent, logger: Logger): void {
  logger.warn(
    `code-intents: intent ${id} already has a webhook, whose URL is unknown. It is yours if you created this intent with ` +
      "it before. Otherwise another party registered first, and only the status reports a payment: check it with reconcile().",
  );
}

// Errors with a clear outcome even if an earlier attempt had none: the caller ended the call, or the
// sequencer reported the state of the key. Any other error may concern only the last attempt.
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
