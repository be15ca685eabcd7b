import type { Report } from "../activity.js";
import { invalidArgument } from "../failure.js";
import type { RatesTable } from "../rules/payment.js";
import { checkPayment, type Payment } from "../rules/payment.js";
import type { SubmittedPayment } from "../store/store.js";
import { publishSubmission, putSubmitted, type SubmissionContext } from "./submission.js";

/** Dependencies of {@link submitPayment}. */
export interface PaymentContext extends SubmissionContext {
  readonly rates: RatesTable;
  readonly report?: Report | undefined;
}

/** A payment and its payer, as submitted. */
export interface SubmittedIntent {
  readonly payment: SubmittedPayment;
  /**
   * The payer's user id at the verified domain of the request, base58. `undefined` if no user id was
   * disclosed.
   */
  readonly userId: string | undefined;
}

/**
 * Submits a payment. In one transaction, it stores the intent, schedules the webhook and emits
 * IntentSubmitted with its metadata. `userIdAt` returns the payer's user id at the verified domain of a
 * request, if the payer has one.
 *
 * @throws ConnectError InvalidArgument with the sequencer's text if the payment does not match the request
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
  const { currency, nativeAmount, quarks } = submitted.payment;
  context.report?.({ type: "payment", intent: intentId, currency, nativeAmount, quarks });
  await publishSubmission(context, intentId, submission);
  return submitted;
}
