import type { Detail } from "../terminal/columns.js";
import { percent } from "../terminal/format.js";
import type { Screen } from "../terminal/screen.js";
import type { AnyIntent } from "./document.js";

/** Returns the details of an intent for display, without secrets. */
export function intentDetails(screen: Screen, intent: AnyIntent): Detail[] {
  const { id, login, webhook } = intent;
  const shared: Detail[] = [
    ["login", login && `${login.domain}, verifier ${login.verifier}`],
    // The path can contain a token.
    ["webhook", webhook && new URL(webhook.url).origin],
  ];
  const name: Detail = ["intent", screen.paint("bold", id)];
  if (!("destination" in intent)) return [name, ...shared];
  const { amount, currency, destination, fees } = intent;
  return [
    name,
    ["amount", `${amount} ${currency}`],
    ["destination", destination],
    ...fees.map((fee): Detail => ["fee", `${percent(fee.basisPoints)} to ${fee.destination}`]),
    ...shared,
  ];
}
