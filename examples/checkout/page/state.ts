import type { OrderView } from "../server/view.js";

/** The state that the page shows. Only the server's `confirmed` and `late` have an effect on the order. */
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
  | "unproven"
  | "stopped"
  | "missing";

/** News from the stream of any tab. Anyone who holds the code can send `scanned` and `declined`. */
export type News = "scanned" | "declined" | "paid" | "webhook" | "conflict";

/** All news so far. */
export interface Progress {
  readonly paid: boolean;
  readonly last: "scanned" | "declined" | undefined;
}

export const NO_PROGRESS: Progress = { paid: false, last: undefined };

export function addNews(progress: Progress, news: News): Progress {
  if (news === "paid") return { ...progress, paid: true };
  if (news === "scanned" || news === "declined") return { ...progress, last: news };
  return progress;
}

/**
 * Chooses the display. The server's order takes precedence, then a payment that the stream reported. Declined
 * and expired are not final: a later payment is accepted and shown.
 *
 * @param now milliseconds since 1970, by the server's clock
 */
export function displayOf(order: OrderView, progress: Progress, now: number): Display {
  if (order.state === "paid") return "confirmed";
  if (order.state === "paid-late") return "late";
  if (order.state === "refused") return "refused";
  if (order.state === "unproven") return "unproven";
  if (progress.paid) return "paid";
  if (order.state === "new") return "loading";
  if (order.state === "expired" || now >= order.expiresAt) return "expired";
  return progress.last ?? "waiting";
}

/** Reports whether a display is final. */
export function isOver(display: Display): boolean {
  return ["confirmed", "late", "refused", "stopped", "missing"].includes(display);
}
