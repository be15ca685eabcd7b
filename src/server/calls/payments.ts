import { invalidArgument } from "../failure.js";
import type { RatesTable } from "../rules/payment.js";
import { checkPayment, type Payment } from "../rules/payment.js";
import type { SubmittedPayment } from "../store/store.js";
import { publishSubmission, putSubmitted, type SubmissionContext } from "./submission.js";

/** What submitting a payment depends on. */
export interface PaymentContext extends SubmissionContext {
  readonly rates: RatesTable;
}

/** A payment and its payer, as they were submitted. */
export interface SubmittedIntent {
  readonly payment: SubmittedPayment;
  /** The payer as the verified domain of the request knows them, base58; `undefined` where it was told nothing. */
  readonly userId: string | undefined;
}

/**
 * Submits a payment: stores the intent, schedules the webhook and emits IntentSubmitted with its metadata, in one transaction.
 * `userIdAt` gives the payer's id at the verified domain of a request, where the payer has one.
 *
 * @throws ConnectError InvalidArgument with the sequencer's words where the payment does not fit the request
 */
export async function submitPayment(
  context: PaymentContext,
  intentId: string,
  changes: Partial<Payment>,
  userIdAt: (domain: string) => string | undefined,
): Promise<SubmittedIntent> {
  const { store, clock, rates } = context;
  const { submission, ...submitted } = await store.transaction(intentId, async (transaction) => {
    const request = await transaction.getRequest();
    if (request === undefined) throw invalidArgument("no request exists for this intent");
    if (request.payment === undefined) throw invalidArgument("the request doesn't require payment");
    if ((await transaction.getIntent()) !== undefined) throw invalidArgument("client submitted intent");
    const { destination, currency, nativeAmount } = request.payment;
    const payment = checkPayment({ destination, currency, nativeAmount, ...changes }, request.payment, rates);
    const userId = request.domain?.verified ? userIdAt(request.domain.base) : undefined;
    const submission = await putSubmitted(transaction, intentId, { payment, user: userId }, clock.now());
    return { payment, userId, submission };
  });
  await publishSubmission(context, intentId, submission);
  return submitted;
}
