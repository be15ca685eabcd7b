import { CodeIntentsError, SequencerError } from "code-intents";
import { OrderError } from "./orders.mjs";

/**
 * What a failure is to whoever ordered. The words stay in the log: they are for you.
 *
 * @param {unknown} error
 * @returns {{ status: 409 | 422 | 500 | 502 | 503, code: string, retryAfter?: number }}
 */
export function problemOf(error) {
  if (error instanceof OrderError)
    return { status: error.code === "unknown_product" ? 422 : 409, code: error.code };
  if (!(error instanceof CodeIntentsError)) return { status: 500, code: "internal" };
  const { code } = error;
  // The order is persisted: asking again with its id registers the same intent.
  if (error.retryable) return { status: 503, code, retryAfter: 2 };
  // Somebody registered another request at this key, perhaps to be paid instead of you. Never show it; a new order has a new key.
  if (code === "intent_conflict") return { status: 409, code };
  // The sequencer will never do this, so it is yours to mend: a price over its limit, a webhook that it does not call.
  return { status: error instanceof SequencerError ? 502 : 500, code };
}
