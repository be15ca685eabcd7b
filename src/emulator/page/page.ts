/**
 * The emulator's own page: static files, which hold no state. What it shows and does goes through the control services, with
 * their rules about who may call.
 *
 * @module
 */

import { isLoopbackAddress } from "../../lib/loopback.js";
import { type PortRequest, type PortResponse, sendError } from "../../server/port/http-guard.js";
import { type Asset, readAssets } from "./assets.js";

const PAGE = "page.html";
const FOLDER = "/page/";

/** Everything is the emulator's own, nothing is inline, and no text becomes HTML. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

const securityHeaders = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": contentSecurityPolicy,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
} as const;

/** Whether a request is for the page or one of its files. */
export function isPageRequest({ method, url }: Pick<PortRequest, "method" | "url">): boolean {
  return (method === "GET" || method === "HEAD") && fileOf(url) !== undefined;
}

/**
 * Serves the page.
 *
 * @param hasToken whether the control services ask for a token: then the page is for everybody, and asks for it as well.
 *   Without one it is for callers on loopback.
 */
export function pageHandler(
  hasToken: boolean,
  onError: (error: unknown) => void,
): (req: PortRequest, res: PortResponse) => Promise<void> {
  let assets: Promise<ReadonlyMap<string, Asset>> | undefined;
  return async (req, res) => {
    if (!hasToken && !isLoopbackAddress(req.socket.remoteAddress ?? ""))
      return sendError(res, 403, "the page answers on loopback only", securityHeaders);
    let asset: Asset | undefined;
    try {
      assets ??= readAssets();
      asset = (await assets).get(fileOf(req.url) ?? "");
    } catch (error) {
      assets = undefined;
      onError(error);
      return sendError(res, 500, "the page's files cannot be read", securityHeaders);
    }
    if (asset === undefined) return sendError(res, 404, "not found", securityHeaders);
    const { type, bytes } = asset;
    res.statusCode = 200;
    for (const [name, value] of Object.entries(securityHeaders)) res.setHeader(name, value);
    res.setHeader("Content-Type", type);
    res.setHeader("Content-Length", bytes.length);
    if (req.method === "HEAD") res.end();
    else res.end(bytes);
  };
}

/** Name of the file that a request target names; `undefined` where it is for something else. */
function fileOf(url: string | undefined): string | undefined {
  const [path = ""] = (url ?? "").replace(/^https?:\/\/[^/?]*/, "").split("?", 1);
  if (path === "/" || path === "") return PAGE;
  return path.startsWith(FOLDER) ? path.slice(FOLDER.length) : undefined;
}
