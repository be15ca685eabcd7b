import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context, MiddlewareHandler } from "hono";

const WINDOW_MS = 60_000;

/**
 * At most so many requests of one address in a minute. It counts in this process alone and by the connection's address:
 * behind a proxy, limit there, or read the address that your proxy vouches for.
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
    return context.json({ error: "Too many orders at once. Please wait a minute." }, 429);
  };
}
