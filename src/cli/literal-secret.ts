import type { Session } from "./session.js";

const secretTypes: ReadonlySet<string> = new Set(["payload", "nonce", "scan-code"]);

/** Says of bytes that stand on the command line themselves what they give away, where they are a secret. */
export function warnOfSecret(session: Session, type: string): void {
  if (!secretTypes.has(type)) return;
  session.warn(`a ${type} gives an intent's private key. Of a real order, pipe it in and say -.`);
}
