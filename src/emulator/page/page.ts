/**
 * The emulator's page: static files without state. Everything the page shows and does goes through the
 * control services, which check access.
 *
 * @module
 */

import { isLoopbackAddress } from "../../lib/loopback.js";
import { asksForPage, sendErrorPage } from "../../server/port/html-error.js";
import { type PortRequest, type PortResponse, sendError } from "../../server/port/http-guard.js";
import { type Asset, readAssets } from "./assets.js";

const PAGE = "page.html";
const FOLDER = "/page/";

/** Allows only the emulator's own files, nothing inline, and no conversion of text to HTML. */
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

/** Returns whether a request is for the page or one of its files. */
export function isPageRequest({ method, url }: Pick<PortRequest, "method" | "url">): boolean {
  return (method === "GET" || method === "HEAD") && fileOf(url) !== undefined;
}

/**
 * Serves the page.
 *
 * @param hasToken whether the control services require a token. If so, the page is public and asks for the
 *   token. Otherwise it is served on loopback only.
 */
export function pageHandler(
  hasToken: boolean,
  onError: (error: unknown) => void,
): (req: PortRequest, res: PortResponse) => Promise<void> {
  let assets: Promise<ReadonlyMap<string, Asset>> | undefined;
  return async (req, res) => {
    if (!hasToken && !isLoopbackAddress(req.socket.remoteAddress ?? "")) return refuseRemote(req, res);
    let asset: Asset | undefined;
    try {
      assets ??= readAssets();
      asset = (await assets).get(fileOf(req.url) ?? "");
    } catch (error) {
      assets = undefined;
      onError(error);
      return sendError(res, 500, "the page's files cannot be read; reinstall code-intents", securityHeaders);
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

function refuseRemote(req: PortRequest, res: PortResponse): void {
  const error = "the page is served on loopback only";
  const advice =
    "start the emulator with a control token to open it elsewhere: --control-token-file, or controlToken in code";
  if (asksForPage(req))
    sendErrorPage(res, 403, { error: sentence(error), advice: sentence(advice) }, securityHeaders);
  else sendError(res, 403, `${error}; ${advice}`, securityHeaders);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Returns the name of the file that a request target names; `undefined` for other targets. */
function fileOf(url: string | undefined): string | undefined {
  const [path = ""] = (url ?? "").replace(/^https?:\/\/[^/?]*/, "").split("?", 1);
  if (path === "/" || path === "") return PAGE;
  return path.startsWith(FOLDER) ? path.slice(FOLDER.length) : undefined;
}
