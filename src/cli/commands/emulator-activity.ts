import type { Activity, CallActivity } from "../../emulator/index.js";
import type { Session } from "../session.js";
import { columnLine } from "../terminal/columns.js";
import { amountText, timeText } from "../terminal/format.js";
import type { Style } from "../terminal/screen.js";

/** Prints what an emulator does: as a line of JSON, or as time, event, outcome, intent and details. */
export function printActivity(session: Session, activity: Activity): void {
  const { out } = session;
  session.event(documentOf(activity), () => {
    const { event, outcome, style, details } = describe(activity);
    out.line(
      columnLine([
        { text: out.paint("dim", timeText(new Date())), width: 8 },
        { text: event, width: LONGEST_EVENT },
        { text: out.paint(style, outcome), width: LONGEST_OUTCOME },
        { text: activity.intent ?? "", width: LONGEST_INTENT },
        { text: out.paint("dim", details), width: 0 },
      ]).trimEnd(),
    );
  });
}

const LONGEST_EVENT = "OpenMessageStreamWithKeepAlive".length;
const LONGEST_OUTCOME = "ALREADY_REGISTERED".length;
const LONGEST_INTENT = 44;

function documentOf({ type, ...rest }: Activity): object {
  const quarks = "quarks" in rest ? { quarks: rest.quarks.toString() } : {};
  return { type, time: new Date().toISOString(), ...rest, ...quarks };
}

interface Description {
  readonly event: string;
  readonly outcome: string;
  readonly style: Style;
  readonly details: string;
}

function describe(activity: Activity): Description {
  switch (activity.type) {
    case "call":
      return { event: activity.method, ...outcomeOf(activity), details: activity.text ?? "" };
    case "payment": {
      const outcome = `${amountText(activity.nativeAmount)} ${activity.currency}`;
      return { event: "payment", outcome, style: "green", details: "" };
    }
    case "webhook": {
      const { attempt, url, httpStatus, error } = activity;
      const outcome = httpStatus === undefined ? "failed" : `HTTP ${httpStatus}`;
      const details = [url, error].filter((text) => text !== undefined).join(": ");
      return {
        event: `webhook, attempt ${attempt}`,
        outcome,
        style: httpStatus === 200 && error === undefined ? "green" : "red",
        details,
      };
    }
  }
}

function outcomeOf({ code, result }: CallActivity): Pick<Description, "outcome" | "style"> {
  if (code !== "ok") return { outcome: code, style: "red" };
  return result === undefined ? { outcome: "ok", style: "green" } : { outcome: result, style: "yellow" };
}
