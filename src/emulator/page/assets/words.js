/** Formats values as text for the page. */

/** @import { Intent, RequestedPayment } from "./types.js" */

/** @type {Record<string, string>} */
const kinds = {
  request_to_receive_bill: "Payment requested",
  request_to_login: "Login requested",
  code_scanned: "Code scanned",
  client_rejected_payment: "Payment rejected",
  client_rejected_login: "Login rejected",
  intent_submitted: "Intent submitted",
  webhook_called: "Webhook called",
};

/**
 * Returns the name of a kind of message.
 *
 * @param {string} kind
 */
export function kindText(kind) {
  return Object.hasOwn(kinds, kind) ? (kinds[kind] ?? kind) : kind.replaceAll("_", " ");
}

/**
 * Formats an amount with its currency.
 *
 * @param {RequestedPayment} payment
 */
export function amountText({ nativeAmount = 0, currency }) {
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 10 };
  const amount = Number(nativeAmount).toLocaleString("en-US", digits);
  return `${amount} ${shorten(currency, 12)}`;
}

/**
 * Summarizes the request of an intent.
 *
 * @param {Intent} intent
 */
export function askText({ requested, domain = "" }) {
  if (requested !== undefined) return amountText(requested);
  return domain === "" ? "No request" : "Login";
}

/**
 * Returns the status of an intent: its name for styles, and its text.
 *
 * @param {Intent} intent
 * @returns {{ name: "requested" | "scanned" | "rejected" | "submitted" | "unknown", text: string }}
 */
export function statusOf({ intentSubmitted, requested, domain, messages = [] }) {
  if (intentSubmitted) return { name: "submitted", text: requested === undefined ? "Logged in" : "Paid" };
  const last = messages.findLast(({ kind }) => kind === "code_scanned" || kind.startsWith("client_rejected"));
  if (last?.kind === "code_scanned") return { name: "scanned", text: "Scanned" };
  if (last !== undefined) return { name: "rejected", text: "Rejected" };
  return requested === undefined && !domain
    ? { name: "unknown", text: "Unknown" }
    : { name: "requested", text: "Requested" };
}

/**
 * Formats a time as `2026-01-31 12:00:00`, in UTC. Returns empty text for an invalid time.
 *
 * @param {number} ms since 1970
 */
export function timeText(ms) {
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return "";
  return new Date(ms)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "");
}

/**
 * Shortens long text by replacing its middle with an ellipsis.
 *
 * @param {string} text
 * @param {number} length
 */
export function shorten(text, length) {
  if (text.length <= length) return text;
  const half = Math.floor((length - 1) / 2);
  return `${text.slice(0, half)}…${text.slice(-half)}`;
}

/**
 * Formats a count with its noun.
 *
 * @param {number} number
 * @param {string} thing
 */
export function count(number, thing) {
  return `${number.toLocaleString("en-US")} ${thing}${number === 1 ? "" : "s"}`;
}
