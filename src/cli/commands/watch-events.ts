import type { PaymentEvent } from "../../events/events.js";
import type { Session } from "../session.js";
import { columnLine } from "../terminal/columns.js";
import { amountText, timeText } from "../terminal/format.js";
import type { Style } from "../terminal/screen.js";

/** Prints an event: as a line of JSON, or as time, type and description. */
export function printEvent(session: Session, intent: string, event: PaymentEvent, isLogin: boolean): void {
  const { out } = session;
  session.event(eventDocument(intent, event), () => {
    const { words, style } = describe(event, isLogin);
    out.line(
      columnLine([
        { text: out.paint("dim", timeText(new Date())), width: 8 },
        { text: out.paint(style, event.type), width: LONGEST },
        { text: words, width: 0 },
      ]),
    );
  });
}

const LONGEST = "webhookCalled".length;

/** Returns an event for JSON: quarks as decimal text, times in ISO 8601. */
function eventDocument(intent: string, event: PaymentEvent): object {
  const { type, ...rest } = event;
  const document: Record<string, unknown> = { type, intent, time: new Date().toISOString(), ...rest };
  if (event.type === "submitted" && event.payment !== undefined)
    document.payment = { ...event.payment, quarks: event.payment.quarks.toString() };
  return document;
}

function describe(event: PaymentEvent, isLogin: boolean): { words: string; style: Style } {
  switch (event.type) {
    case "requested":
      return { words: "the sequencer has the request", style: "cyan" };
    case "scanned":
      return { words: "a wallet scanned the code", style: "cyan" };
    case "submitted": {
      const { payment, heardFrom } = event;
      const paid = payment === undefined ? "" : ` ${amountText(payment.nativeAmount)} ${payment.currency}`;
      return {
        words: `${isLogin ? "logged in" : `paid${paid}`} (source: ${heardFrom})`,
        style: "green",
      };
    }
    case "rejected":
      return {
        words: `the ${isLogin ? "user" : "payer"} declined, but can still ${isLogin ? "log in" : "pay"}`,
        style: "yellow",
      };
    case "webhookCalled":
      return { words: "the webhook receiver responded", style: "green" };
    case "forged":
      return { words: `ignore a ${event.kind} message: ${event.problem}`, style: "red" };
    case "conflicting":
      return {
        words: `a conflicting ${event.subject}: ${event.field} differs from this intent`,
        style: "red",
      };
  }
}
