import { CodeIntentsError, SequencerError } from "code-intents";
import { OrderError } from "./orders.mjs";

/**
 * Maps an error to the response for the buyer. The error message stays in your log.
 *
 * @param {unknown} error
 * @returns {{ status: 409 | 422 | 500 | 502 | 503, code: string, retryAfter?: number }}
 */
export function problemOf(error) {
  if (error instanceof OrderError)
    return { status: error.code === "unknown_product" ? 422 : 409, code: error.code };
  if (!(error instanceof CodeIntentsError)) return { status: 500, code: "internal" };
  const { code } = error;
  // The order is persisted: a retry with its id registers the same intent.
  if (error.retryable) return { status: 503, code, retryAfter: 2 };
  // Another request is registered at this key, possibly to divert the payment. Never show it. A new order has
  // a new key.
  if (code === "intent_conflict") return { status: 409, code };
  // Paid before this call, possibly another party's request. Only the verified webhook fulfils the order. If none
  // arrives, a person decides.
  if (code === "already_submitted") return { status: 409, code };
  // A retry cannot help. Fix the order, such as a price over the limit or a webhook URL that is not called.
  return { status: error instanceof SequencerError ? 502 : 500, code };
}
