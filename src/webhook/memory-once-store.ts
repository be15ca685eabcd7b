import { base64urlnopad } from "@scure/base";
import type { OnceStore } from "./once.js";

/**
 * Creates an in-memory store for tests. It works within one process, loses its content when the process ends,
 * and grows without limit.
 *
 * @param options `now`: the clock, in milliseconds. Default: `performance.now`
 * @example
 * ```ts
 * import { memoryOnceStore } from "code-intents/webhook";
 *
 * let now = 0;
 * const store = memoryOnceStore({ now: () => now });
 * await store.claim(intent.id, 1_000); // { token: "…" }
 * await store.claim(intent.id, 1_000); // "busy"
 * now = 1_000;
 * await store.claim(intent.id, 1_000); // { token: "…" }: the lease has expired, and the token is another
 * ```
 */
export function memoryOnceStore(options: { readonly now?: () => number } = {}): OnceStore {
  const now = options.now ?? (() => performance.now());
  const holders = new Map<string, Holder>();
  const heldBy = (intentId: string, token: string): Holder | undefined => {
    const holder = holders.get(intentId);
    return holder?.token === token ? holder : undefined;
  };
  return {
    async claim(intentId, leaseMs) {
      const holder = holders.get(intentId);
      if (holder?.done === true) return "done";
      if (holder !== undefined && holder.leaseEnd > now()) return "busy";
      const token = randomToken();
      holders.set(intentId, { token, leaseEnd: now() + leaseMs, done: false });
      return { token };
    },
    async complete(intentId, token) {
      const holder = heldBy(intentId, token);
      if (holder === undefined) return false;
      holder.done = true;
      return true;
    },
    async release(intentId, token) {
      if (heldBy(intentId, token)?.done === false) holders.delete(intentId);
    },
  };
}

interface Holder {
  readonly token: string;
  readonly leaseEnd: number;
  done: boolean;
}

// Not `crypto.randomUUID`, which browsers offer to secure pages only.
function randomToken(): string {
  return base64urlnopad.encode(globalThis.crypto.getRandomValues(new Uint8Array(16)));
}
