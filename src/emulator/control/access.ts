import { createHash, timingSafeEqual } from "node:crypto";
import {
  Code,
  ConnectError,
  type ContextKey,
  createContextKey,
  type HandlerContext,
} from "@connectrpc/connect";
import { isLoopbackAddress } from "../../lib/loopback.js";
import { corsHeaders, type PortRequest } from "../../server/port/http-guard.js";

/** Address of the caller; absent in memory. */
export const remoteAddressKey: ContextKey<string | undefined> = createContextKey<string | undefined>(
  undefined,
  {
    description: "address of the caller",
  },
);

/** Whether a web page from elsewhere sent the request; `false` in memory. */
export const foreignPageKey: ContextKey<boolean> = createContextKey(false, {
  description: "whether a web page from elsewhere sent the request",
});

/**
 * Whether a web page from elsewhere sent a request: neither the emulator's own page nor one on a loopback origin, whatever
 * `allowedOrigins` lets call the sequencer. What a browser sends across sites without an Origin is one too.
 */
export function isFromForeignPage(req: PortRequest): boolean {
  const { origin, host, "sec-fetch-site": site } = req.headers;
  if (origin === undefined) return site === "cross-site" || site === "same-site";
  const authority = "authority" in req ? req.authority : undefined;
  return corsHeaders({ origin, method: req.method, host: authority || host }, undefined).kind === "refused";
}

/**
 * Who may use the control services: whoever sends the token, where there is one; callers on loopback that are no web page from
 * elsewhere, where there is none; and always those in the same process.
 */
export function controlAuthorization(controlToken: string | undefined): (context: HandlerContext) => void {
  return ({ values, requestHeader }) => {
    const address = values.get(remoteAddressKey);
    if (address === undefined) return;
    if (controlToken === undefined) {
      if (!isLoopbackAddress(address))
        throw new ConnectError("the control services answer on loopback only", Code.PermissionDenied);
      if (values.get(foreignPageKey))
        throw new ConnectError("pages from elsewhere need the control token", Code.PermissionDenied);
      return;
    }
    const given = /^Bearer (.+)$/i.exec(requestHeader.get("authorization") ?? "")?.[1] ?? "";
    if (!equalText(given, controlToken))
      throw new ConnectError("wrong or missing control token", Code.Unauthenticated);
  };
}

/** Compares in a time that says nothing about the token. */
function equalText(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
