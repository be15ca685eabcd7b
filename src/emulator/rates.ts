import { SEQUENCER_LIMITS } from "../contract/limits.js";
import type { RatesTable } from "../server/rules/payment.js";

/**
 * Rates that fit the limits: the largest payment of every currency is worth the largest payment in kin, so that one kin is
 * 0.00002 usd. They are fixed and made up.
 */
export const DEFAULT_RATES: RatesTable = Object.fromEntries(
  Object.entries(SEQUENCER_LIMITS).map(([currency, { max }]) => [
    currency,
    max / (SEQUENCER_LIMITS.kin?.max ?? max),
  ]),
);
