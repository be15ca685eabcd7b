import { SEQUENCER_LIMITS } from "../contract/limits.js";
import type { RatesTable } from "../server/rules/payment.js";

/**
 * Sample rates that fit the limits: the maximum of every currency has the same value as the maximum in kin.
 * One kin is worth 0.00002 usd. The rates are fixed and fictional.
 */
export const DEFAULT_RATES: RatesTable = Object.fromEntries(
  Object.entries(SEQUENCER_LIMITS).map(([currency, { max }]) => [
    currency,
    max / (SEQUENCER_LIMITS.kin?.max ?? max),
  ]),
);
