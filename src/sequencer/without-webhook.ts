import { SequencerError, type SequencerErrorCode } from "../errors.js";

/** Returns the error of a registration that stored the intent, but not its webhook. */
export function withoutWebhook(error: SequencerError, code: SequencerErrorCode, why: string): SequencerError {
  const { connectCode, sequencerMessage, retryable, retryAfterMs, cause } = error;
  return new SequencerError(code, {
    message: `webhook.url: the intent is registered, but its webhook is not. ${why}`,
    connectCode,
    sequencerMessage,
    retryable,
    retryAfterMs,
    cause,
  });
}
