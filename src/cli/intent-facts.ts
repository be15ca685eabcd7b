import type { Fact } from "./facts.js";
import type { AnyIntent } from "./intent-document.js";
import { percent } from "./numbers.js";
import type { Screen } from "./screen.js";

/** What an intent says, for people; without its secrets. */
export function intentFacts(screen: Screen, intent: AnyIntent): Fact[] {
  const { id, login, webhook } = intent;
  const shared: Fact[] = [
    ["login", login && `${login.domain}, by the verifier ${login.verifier}`],
    // Its path may hold a token.
    ["webhook", webhook && new URL(webhook.url).origin],
  ];
  const name: Fact = ["intent", screen.paint("bold", id)];
  if (!("destination" in intent)) return [name, ...shared];
  const { amount, currency, destination, fees } = intent;
  return [
    name,
    ["amount", `${amount} ${currency}`],
    ["destination", destination],
    ...fees.map((fee): Fact => ["fee", `${percent(fee.basisPoints)} to ${fee.destination}`]),
    ...shared,
  ];
}
