/** Messages between the merchant's process and the model. They import nothing: both type checks read them. */

/** The fields of a stored order that leak to a stranger. */
export interface Leaked {
  readonly orderKey: string;
  readonly intentId: string;
  readonly clientSecret: string;
  readonly amount: string;
  readonly destination: string;
  readonly webhookUrl: string;
}

/** The merchant reports that it is at a point, and waits for the number of this report as the answer. */
export interface PointReport {
  readonly type: "point";
  readonly number: number;
  readonly point: string;
  readonly intentId: string;
  readonly detail: string;
  readonly leaked?: Leaked | undefined;
}

export type MerchantReport =
  | PointReport
  | { readonly type: "open"; readonly url: string }
  /** A round of reconciliation begins, or the worker found nothing to do. */
  | { readonly type: "round" }
  | { readonly type: "idle" };
