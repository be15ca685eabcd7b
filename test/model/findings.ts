import type { KeyState } from "../../src/emulator/index.js";
import type { Entry } from "./ledger.js";
import type { Leaked } from "./messages.js";

export const findingKinds = ["paid and not fulfilled", "fulfilled twice", "fulfilled unpaid"] as const;
export type FindingKind = (typeof findingKinds)[number];

/** The state of one order, according to the sequencer and to the ledger. */
export interface Outcome {
  /** Whether the requested amount was paid to the merchant. */
  readonly isPaid: boolean;
  /** Number of parcels. */
  readonly parcels: number;
  /** Whether the merchant asks a person to decide. */
  readonly asksPerson: boolean;
}

const parcelTasks: ReadonlySet<string> = new Set(["send-goods", "decide-on-late-payment"]);

/** Compares the sequencer's record of an order with the ledger's. */
export function outcomeOf(
  { intentId, destination, amount }: Leaked,
  state: KeyState | undefined,
  entries: readonly Entry[],
): Outcome {
  const intent = state?.intent;
  const payment = intent?.state === "submitted" ? intent.payment : undefined;
  const own = entries.filter((entry) => entry.intentId === intentId);
  return {
    isPaid:
      payment?.destination === destination &&
      payment.currency === "usd" &&
      payment.nativeAmount === Number(amount),
    parcels: own.filter(({ task }) => parcelTasks.has(task)).length,
    asksPerson: own.some(({ task }) => task === "decide-on-unproven-payment"),
  };
}

/**
 * Returns what is wrong with an order.
 *
 * @param mayAskPerson whether a stranger was involved: only then is a person's decision an outcome
 */
export function findingsOf({ isPaid, parcels, asksPerson }: Outcome, mayAskPerson: boolean): FindingKind[] {
  const found: FindingKind[] = [];
  if (isPaid && parcels === 0 && !(asksPerson && mayAskPerson)) found.push("paid and not fulfilled");
  if (parcels > 1) found.push("fulfilled twice");
  if (!isPaid && parcels > 0) found.push("fulfilled unpaid");
  return found;
}
