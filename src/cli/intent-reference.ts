import { type AnyIntent, type ReadOptions, readIntent } from "./intent-document.js";
import { isIntentId } from "./intent-id.js";
import type { Session } from "./session.js";

/** An intent that a command names: its id, or the file of its document. */
export async function intentReference(
  session: Session,
  source: string,
  options: ReadOptions,
): Promise<AnyIntent | string> {
  return isIntentId(source) ? source : readIntent(session, source, options);
}
