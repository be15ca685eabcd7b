import type { WaitErrorCode } from "../errors.js";
import { durationText } from "../lib/duration.js";
import { isPayment, type WatchedIntent } from "./watched-intent.js";

/** Error codes and terms for the outcome of a payment or a login. */
export interface OutcomeTerms {
  readonly timeout: WaitErrorCode;
  readonly rejected: WaitErrorCode;
  readonly outcome: string;
  /** The person who pays or logs in. */
  readonly actor: string;
  /** State of an intent that is not submitted. */
  readonly open: string;
}

const payment: OutcomeTerms = {
  timeout: "payment_timeout",
  rejected: "payment_rejected",
  outcome: "payment",
  actor: "payer",
  open: "payable",
};

const login: OutcomeTerms = {
  timeout: "login_timeout",
  rejected: "login_rejected",
  outcome: "login",
  actor: "user",
  open: "open",
};

/** Returns the terms for the kind of an intent. */
export function termsOf(intent: WatchedIntent): OutcomeTerms {
  return isPayment(intent) ? payment : login;
}

/**
 * Returns the message of a watch that timed out. `failure` is the error of the last status check, if it
 * failed.
 */
export function timeoutMessage(
  intent: WatchedIntent,
  timeoutMs: number | undefined,
  failure: unknown,
  submitted: boolean,
): string {
  const what = submitted ? "The webhook was not confirmed" : `No ${termsOf(intent).outcome} was reported`;
  const limit = timeoutMs === undefined ? "" : ` within ${durationText(timeoutMs)}`;
  const message = `${what}${limit}.`;
  return failure === undefined ? message : `${message} The last status check failed; see the cause.`;
}
