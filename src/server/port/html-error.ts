/** Errors for a person who opens an address in a browser. */
import http from "node:http";
import type { PortRequest, PortResponse } from "./http-guard.js";

/** Returns whether a browser asks for a page. */
export function asksForPage({ method, headers }: Pick<PortRequest, "method" | "headers">): boolean {
  return (method === "GET" || method === "HEAD") && /\btext\/html\b/.test(headers.accept ?? "");
}

/**
 * Sends an error as a page without scripts, styles and links.
 *
 * @param error What is wrong
 * @param advice How to fix it
 */
export function sendErrorPage(
  res: PortResponse,
  status: number,
  { error, advice }: { readonly error: string; readonly advice: string },
  headers: Readonly<Record<string, string>> = {},
): void {
  const title = `${status} ${http.STATUS_CODES[status] ?? ""}`;
  const body =
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<title>${title}</title><h1>${title}</h1><p>${escapeHtml(error)}</p><p>${escapeHtml(advice)}</p></html>\n`;
  const out = res as { writeHead(status: number, headers: Readonly<Record<string, string>>): unknown };
  out.writeHead(status, {
    "Content-Security-Policy":
      "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ...headers,
    "Cache-Control": "no-store",
    "Content-Type": "text/html; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
    "Content-Length": String(Buffer.byteLength(body)),
  });
  res.end(body);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
