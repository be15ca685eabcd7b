import { fromBase58 } from "../lib/bytes.js";
import { type AnyIntent, type ReadOptions, readIntent } from "./intent-document.js";
import type { Session } from "./session.js";

/** An intent that a command names: its id, or the file of its document. */
export async function intentReference(
  session: Session,
  source: string,
  options: ReadOptions,
): Promise<AnyIntent | string> {
  return isIntentId(source) ? source : readIntent(session, source, options);
}

/** Whether a text is an id: base58 of 32 bytes. */
export function isIntentId(text: string): boolean {
  return fromBase58(text)?.length === 32;
}
