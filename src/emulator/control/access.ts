import { createHash, timingSafeEqual } from "node:crypto";
import {
  Code,
  ConnectError,
  type ContextKey,
  createContextKey,
  type HandlerContext,
} from "@connectrpc/connect";

/** Address of the caller; absent in memory. */
export const remoteAddressKey: ContextKey<string | undefined> = createContextKey<string | undefined>(
  undefined,
  {
    description: "address of the caller",
  },
);

/**
 * Who may use the control services: whoever sends the token, where there is one; callers on loopback, where there is none;
 * and always those in the same process.
 */
export function controlAuthorization(controlToken: string | undefined): (context: HandlerContext) => void {
  return ({ values, requestHeader }) => {
    const address = values.get(remoteAddressKey);
    if (address === undefined) return;
    if (controlToken === undefined) {
      if (isLoopback(address)) return;
      throw new ConnectError("the control services answer on loopback only", Code.PermissionDenied);
    }
    const given = /^Bearer (.+)$/i.exec(requestHeader.get("authorization") ?? "")?.[1] ?? "";
    if (!equalText(given, controlToken))
      throw new ConnectError("wrong or missing control token", Code.Unauthenticated);
  };
}

function isLoopback(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127\./.test(address);
}

/** Compares in a time that says nothing about the token. */
function equalText(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
