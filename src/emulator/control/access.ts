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

/** The caller's address; `undefined` for calls in memory. */
export const remoteAddressKey: ContextKey<string | undefined> = createContextKey<string | undefined>(
  undefined,
  {
    description: "address of the caller",
  },
);

/** Whether a web page of another site sent the request; `false` for calls in memory. */
export const foreignPageKey: ContextKey<boolean> = createContextKey(false, {
  description: "whether a web page of another site sent the request",
});

/**
 * Returns whether a web page of another site sent a request. The emulator's own page and pages on loopback
 * origins do not count; `allowedOrigins` makes no difference. A cross-site request without an Origin counts.
 */
export function isFromForeignPage(req: PortRequest): boolean {
  const { origin, host, "sec-fetch-site": site } = req.headers;
  if (origin === undefined) return site === "cross-site" || site === "same-site";
  const authority = "authority" in req ? req.authority : undefined;
  return corsHeaders({ origin, method: req.method, host: authority || host }, undefined).kind === "refused";
}

/**
 * Returns a check that throws unless the caller may use the control services. With a token, the caller must
 * send it. Without one, the caller must be on loopback and not a web page of another site. Callers in the
 * same process always may.
 */
export function controlAuthorization(controlToken: string | undefined): (context: HandlerContext) => void {
  return ({ values, requestHeader }) => {
    const address = values.get(remoteAddressKey);
    if (address === undefined) return;
    if (controlToken === undefined) {
      if (!isLoopbackAddress(address))
        throw new ConnectError(
          "the control services answer on loopback only; start the emulator with a controlToken to use them from elsewhere",
          Code.PermissionDenied,
        );
      if (values.get(foreignPageKey))
        throw new ConnectError(
          "web pages of other sites need a control token; start the emulator with one and send it",
          Code.PermissionDenied,
        );
      return;
    }
    const given = /^Bearer (.+)$/i.exec(requestHeader.get("authorization") ?? "")?.[1] ?? "";
    if (!equalText(given, controlToken))
      throw new ConnectError(
        "wrong or missing control token; send it as Authorization: Bearer <token>",
        Code.Unauthenticated,
      );
  };
}

/** Compares in constant time. */
function equalText(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
