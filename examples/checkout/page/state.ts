import type { OrderView } from "../server/view.js";

/** What the page shows. Only the server's `confirmed` and `late` release anything; the rest informs the buyer. */
export type Display =
  | "loading"
  | "waiting"
  | "scanned"
  | "declined"
  | "expired"
  | "paid"
  | "confirmed"
  | "late"
  | "refused"
  | "stopped"
  | "missing";

/** What the stream, or another tab's stream, told of. Anybody who holds the code can say `scanned` and `declined`. */
export type News = "scanned" | "declined" | "paid" | "webhook" | "conflict";

/** What was heard so far. */
export interface Heard {
  readonly paid: boolean;
  readonly last: "scanned" | "declined" | undefined;
}

export const NOTHING_HEARD: Heard = { paid: false, last: undefined };

export function hear(heard: Heard, news: News): Heard {
  if (news === "paid") return { ...heard, paid: true };
  if (news === "scanned" || news === "declined") return { ...heard, last: news };
  return heard;
}

/**
 * The order as the server has it comes first, then a payment that the stream told of. Declined and expired end nothing: a
 * payment after them counts, and is shown.
 *
 * @param now by the server's clock
 */
export function displayOf(order: OrderView, heard: Heard, now: number): Display {
  if (order.state === "paid") return "confirmed";
  if (order.state === "paid-late") return "late";
  if (order.state === "refused") return "refused";
  if (heard.paid) return "paid";
  if (order.state === "new") return "loading";
  if (order.state === "expired" || now >= order.expiresAt) return "expired";
  return heard.last ?? "waiting";
}

/** Displays after which nothing changes any more. */
export function isOver(display: Display): boolean {
  return ["confirmed", "late", "refused", "stopped", "missing"].includes(display);
}
