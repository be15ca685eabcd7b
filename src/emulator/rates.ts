import { SEQUENCER_LIMITS } from "./limits.js";

/** Worth of one kin in each currency, in the currency's main unit. */
export type RatesTable = Readonly<Record<string, number>>;

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
