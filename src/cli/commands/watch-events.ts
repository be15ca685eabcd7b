import type { PaymentEvent } from "../../events/events.js";
import type { Session } from "../session.js";
import { columnLine } from "../terminal/columns.js";
import { amountText } from "../terminal/format.js";
import type { Style } from "../terminal/screen.js";

/** Tells of an event: as a line of JSON, or with the time and in words. */
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

/** An event as JSON: quarks as decimal text, instants in ISO 8601. */
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
      return { words: "the request is at the sequencer", style: "cyan" };
    case "scanned":
      return { words: "somebody scanned the code", style: "cyan" };
    case "submitted": {
      const { payment, heardFrom } = event;
      const paid = payment === undefined ? "" : ` ${amountText(payment.nativeAmount)} ${payment.currency}`;
      return {
        words: `${isLogin ? "logged in" : `paid${paid}`}, heard from the ${heardFrom}`,
        style: "green",
      };
    }
    case "rejected":
      return {
        words: `the ${isLogin ? "user" : "payer"} declined, and may still change their mind`,
        style: "yellow",
      };
    case "webhookCalled":
      return { words: "the webhook was answered", style: "green" };
    case "forged":
      return { words: `a ${event.kind} that is ${event.problem}: believe nothing of it`, style: "red" };
    case "conflicting":
      return { words: `another ${event.subject} than this intent's: ${event.field} differs`, style: "red" };
  }
}

function timeText(time: Date): string {
  return [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}
