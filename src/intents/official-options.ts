import { InputError } from "../errors.js";

/** How to replace options of the official client that do not exist here. */
export const officialHints: Readonly<Record<string, string>> = {
  confirmParams: "not part of an intent; let your page navigate when the intent is submitted",
  locale: "not part of an intent; it belongs to the page that displays it",
  appearance: "not part of an intent; it belongs to the page that displays it",
  endpoint: "is an option of the client; pass it to new CodeClient as baseUrl",
  fetch: "is an option of the client; pass it to new CodeClient",
  platform: "belongs to a tip; use TipIntent",
  intentId: "is named expectedId, an option of fromClientSecret",
};

/** The official client passes the mode with every intent. Here the class determines it. */
export function checkMode(mode: unknown, expected: "payment" | "login" | "tip"): void {
  if (mode === undefined || mode === expected) return;
  const other = { payment: "PaymentIntent", login: "LoginIntent", tip: "TipIntent" };
  const fix = Object.hasOwn(other, String(mode))
    ? `is ${JSON.stringify(mode)}; use ${other[mode as keyof typeof other]}`
    : `must be "${expected}", or omitted`;
  throw new InputError("invalid_option", "mode", fix);
}
