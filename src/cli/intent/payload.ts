import { base64, hex } from "@scure/base";
import { CliError } from "../failure/errors.js";
import { sourceName } from "../io/inputs.js";
import type { Session } from "../session.js";
import { type ReadOptions, rebuildIntent } from "./document.js";
import { rejectLoneId } from "./id.js";

/** An output format for payloads. */
export type PayloadFormat = "hex" | "base64" | "bytes";

const PAYLOAD_LENGTH = 20;

/** Reads a payload of 20 bytes from a file or standard input: raw, in hex, in base64, or as an intent. */
export async function readPayload(
  session: Session,
  source: string,
  options: ReadOptions = {},
): Promise<Uint8Array> {
  const bytes = await rejectLoneId(source, session.inputs.bytes(source, "the payload"));
  if (bytes.length === PAYLOAD_LENGTH) return Uint8Array.from(bytes);
  const text = Buffer.from(bytes).toString("utf8").trim();
  if (text.startsWith("{")) return (await rebuildIntent(session, parse(text), source, options)).payload;
  const decoded = decode(text);
  if (decoded !== undefined) return decoded;
  throw new CliError("unusable_input", `${sourceName(source)} does not contain a payload`, {
    hint: "Pass 20 bytes: raw, in hex, in base64, or as the output of `code-intents create --json`.",
  });
}

/** Formats a payload as text. */
export function payloadText(payload: Uint8Array, format: Exclude<PayloadFormat, "bytes">): string {
  return format === "hex" ? hex.encode(payload) : base64.encode(payload);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function decode(text: string): Uint8Array | undefined {
  const digits = text.replace(/^0x/i, "").replace(/[\s:]/g, "").toLowerCase();
  if (/^[0-9a-f]{40}$/.test(digits)) return hex.decode(digits);
  const standard = text.replaceAll("-", "+").replaceAll("_", "/").replace(/=$/, "");
  return /^[A-Za-z0-9+/]{27}$/.test(standard) ? Uint8Array.from(Buffer.from(standard, "base64")) : undefined;
}
