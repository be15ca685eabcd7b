import { InputError, TransportError, WaitError } from "../errors.js";
import type { SubmittedEvent } from "../events/events.js";
import { termsOf, timeoutMessage } from "../events/outcome-terms.js";
import { Watch, type WatchContext } from "../events/watch.js";
import type { CheckedWatchOptions } from "../events/watch-options.js";
import type { WatchedIntent } from "../events/watched-intent.js";
import type { WatchOptions } from "./watch-options.js";

/** Options of a wait. */
export type WaitOptions = Omit<WatchOptions, "until"> & {
  /** What ends the wait. Default: `"submitted"`. With `"rejected"`, a rejection throws. */
  readonly until?: "submitted" | "rejected" | undefined;
};

/** Waits for the event `submitted` of a watch; see `PaymentIntents.waitForPayment`. */
export async function waitForSubmitted(
  context: WatchContext,
  intent: WatchedIntent,
  options: CheckedWatchOptions,
): Promise<SubmittedEvent> {
  const { until, timeoutMs } = options;
  if (until === "webhook") {
    throw new InputError(
      "invalid_option",
      "until",
      'must be "submitted" or "rejected"; watch() also waits for the webhook',
    );
  }
  const { id: intentId } = intent;
  const terms = termsOf(intent);
  let lastRejectionId: string | undefined;
  try {
    for await (const event of new Watch(context, intent, options)) {
      if (event.type === "submitted") return event;
      if (event.type !== "rejected") continue;
      lastRejectionId = event.messageId;
      if (until !== "rejected") continue;
      const what = `The ${terms.actor} declined (message ${lastRejectionId}).`;
      throw new WaitError(terms.rejected, { intentId, what, lastRejectionId });
    }
  } catch (error) {
    const timedOut = error instanceof WaitError && error.code === terms.timeout;
    if (!timedOut || lastRejectionId === undefined) throw error;
    const { cause } = error;
    const what = `${timeoutMessage(intent, timeoutMs, cause, false)} The ${terms.actor} declined before (last message: ${lastRejectionId}).`;
    throw new WaitError(terms.timeout, { intentId, what, lastRejectionId, cause });
  }
  throw new TransportError("aborted", {
    message: `The watch of intent ${intentId} ended. The intent stays ${terms.open}`,
  });
}
