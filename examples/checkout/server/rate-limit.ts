import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context, MiddlewareHandler } from "hono";

const WINDOW_MS = 60_000;

/**
 * Limits the requests per minute and address. It counts per process and by the address of the connection.
 * Behind a proxy, limit in the proxy, or use the client address that your proxy sets.
 */
export function rateLimit(perMinute: number): MiddlewareHandler {
  let counts = new Map<string, number>();
  let windowEnd = 0;
  return async (context: Context, next) => {
    const now = performance.now();
    if (now >= windowEnd) {
      counts = new Map();
      windowEnd = now + WINDOW_MS;
    }
    const address = getConnInfo(context).remote.address ?? "unknown";
    const count = (counts.get(address) ?? 0) + 1;
    counts.set(address, count);
    if (count <= perMinute) return next();
    context.header("retry-after", String(Math.ceil((windowEnd - now) / 1_000)));
    return context.json({ error: "Too many orders. Please wait a minute." }, 429);
  };
}
