import { InputError } from "../errors.js";

/** What to do about options that the official client knows and an intent here does not. */
export const officialHints: Readonly<Record<string, string>> = {
  confirmParams:
    "not part of an intent; let your page go where it should once it hears that the intent is submitted",
  locale: "not part of an intent; it belongs to the page that shows it",
  appearance: "not part of an intent; it belongs to the page that shows it",
  endpoint: "is the client's; pass it to new CodeClient as baseUrl",
  fetch: "is the client's; pass it to new CodeClient",
  platform: "belongs to a tip; use TipIntent",
  intentId: "name it expectedId, an option of fromClientSecret",
};

/** The official client says with every intent what it is; here the class says it. */
export function checkMode(mode: unknown, expected: "payment" | "login" | "tip"): void {
  if (mode === undefined || mode === expected) return;
  const other = { payment: "PaymentIntent", login: "LoginIntent", tip: "TipIntent" };
  const mend = Object.hasOwn(other, String(mode))
    ? `is ${JSON.stringify(mode)}; use ${other[mode as keyof typeof other]}`
    : `must be "${expected}", or left out`;
  throw new InputError("invalid_option", "mode", mend);
}
