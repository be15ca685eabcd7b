import type { WebhookRecord } from "../../server/store/store.js";
import { ATTEMPT_DELAYS_MS } from "../../server/webhook/delivery.js";

/**
 * Returns when the next attempt is due, in ms since 1970; `undefined` if none follows or none has ended yet.
 */
export function nextAttemptAt({ state, attempts }: WebhookRecord): number | undefined {
  const delayMs = ATTEMPT_DELAYS_MS[attempts.length];
  const last = attempts.at(-1);
  if (state !== "pending" || delayMs === undefined || last === undefined) return undefined;
  return last.startedAt + delayMs;
}
