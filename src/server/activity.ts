/** What a sequencer does, for logs and metrics. */

/** A call that ended, or a stream that was opened or rejected. */
export interface CallActivity {
  readonly type: "call";
  /**
   * Method of the call, such as `SendMessage`. Calls over REST have the names of the methods that they call.
   */
  readonly method: string;
  /** Id of the intent, base58. `undefined` if the request names none. */
  readonly intent: string | undefined;
  /** `"ok"`, or the Connect code of the error, such as `"invalid_argument"`. */
  readonly code: string;
  /**
   * Result of a call that ended with `"ok"`, such as `INVALID_URL`. `undefined` for OK, and without a result.
   */
  readonly result: string | undefined;
  /**
   * Why the call was rejected, in the text of the sequencer. For `INVALID_URL`, what is wrong with the URL.
   */
  readonly text: string | undefined;
}

/** A payment that the sequencer accepted. */
export interface PaymentActivity {
  readonly type: "payment";
  /** Id of the intent, base58. */
  readonly intent: string;
  /** Currency code, lower case. */
  readonly currency: string;
  /** Amount in the currency. */
  readonly nativeAmount: number;
  /** Amount in quarks. A kin is 100,000 quarks. */
  readonly quarks: bigint;
}

/** An attempt to deliver a webhook that ended. */
export interface WebhookActivity {
  readonly type: "webhook";
  /** Id of the intent, base58. */
  readonly intent: string;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  /** URL of the receiver, without user, password, query and fragment. */
  readonly url: string;
  /** HTTP status of the response. `undefined` without one. */
  readonly httpStatus: number | undefined;
  /** Why there is no response. */
  readonly error: string | undefined;
}

/** What a sequencer does. Contains no secret, and text of callers only in `text`, `url` and `error`. */
export type Activity = CallActivity | PaymentActivity | WebhookActivity;

/** Receives what a sequencer does. */
export type Report = (activity: Activity) => void;

/** Returns a report that never throws: an error of the receiver must not fail a call. */
export function safeReport(report: Report, onError: (error: unknown) => void): Report {
  return (activity) => {
    try {
      report(activity);
    } catch (error) {
      onError(error);
    }
  };
}
