import { memoryStore } from "../../src/server/store/memory.js";
import type { Store } from "../../src/server/store/store.js";

/** Counts of a store in memory, and hooks for the test. */
export interface Recording {
  readonly store: Store;
  /** Number of request records created, by intent id. */
  readonly requests: ReadonlyMap<string, number>;
  /** Number of messages stored, by intent id. */
  readonly messages: ReadonlyMap<string, number>;
  /** Awaited before a transaction that wrote a message takes effect. */
  beforeCommit: (intentId: string) => unknown;
  /** Awaited after it took effect, before any stream is notified. */
  afterCommit: (intentId: string) => unknown;
}

/** Creates a store in memory that counts its records. */
export function recordingStore(): Recording {
  const inner = memoryStore();
  const requests = new Map<string, number>();
  const messages = new Map<string, number>();

  const transaction: Store["transaction"] = async (intentId, work) => {
    let wroteRequest = false;
    let wroteMessage = false;
    const result = await inner.transaction(intentId, async (target) => {
      const watched = withMethods(target, {
        putRequest: (request) => {
          wroteRequest = true;
          return target.putRequest(request);
        },
        addMessage: (message) => {
          wroteMessage = true;
          return target.addMessage(message);
        },
      });
      const done = await work(watched);
      if (wroteMessage) await recording.beforeCommit(intentId);
      return done;
    });
    if (wroteRequest) count(requests, intentId);
    if (wroteMessage) {
      count(messages, intentId);
      await recording.afterCommit(intentId);
    }
    return result;
  };

  const recording: Recording = {
    store: withMethods(inner, { transaction }),
    requests,
    messages,
    beforeCommit: () => {},
    afterCommit: () => {},
  };
  return recording;
}

function count(counts: Map<string, number>, intentId: string): void {
  counts.set(intentId, (counts.get(intentId) ?? 0) + 1);
}

/** Returns the object with some of its methods replaced. */
function withMethods<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(Object.hasOwn(methods, name) ? methods : target, name);
      return typeof value === "function" && !Object.hasOwn(methods, name) ? value.bind(target) : value;
    },
  });
}
