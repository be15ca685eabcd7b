import type { SigningKey } from "../../crypto/types.js";
import { webhookClaimsJson } from "../../webhook/claims-json.js";
import { signWebhookJson } from "../../webhook/sign.js";
import type { IntentRecord } from "../store/store.js";

/**
 * Creates the token that a webhook carries. For a login without a payment, it contains at most the user, and
 * nothing that ties it to its intent.
 */
export function webhookToken(intentId: string, { payment, user }: IntentRecord, key: SigningKey): string {
  if (payment === undefined) return signWebhookJson(webhookClaimsJson({ user }), key);
  const { destination, currency, nativeAmount, exchangeRate, quarks, feeQuarks } = payment;
  const claims = {
    intent: intentId,
    destination,
    currency,
    amount: nativeAmount,
    exchangeRate,
    quarks,
    fees: feeQuarks,
    user,
  };
  return signWebhookJson(webhookClaimsJson(claims), key);
}
