/** Stores with contents that the rules would not write, and stores that fail. */

import type { SigningKey } from "../../src/crypto/types.js";
import {
  type IntentRecord,
  memoryStore,
  type Store,
  type StoreTransaction,
} from "../../src/emulator/index.js";
import { toBase58 } from "../../src/lib/bytes.js";

/** Creates a store in memory with these methods of every transaction replaced. */
export function storeWith(replaced: Partial<StoreTransaction>): Store {
  const store = memoryStore();
  const transaction: Store["transaction"] = (intentId, work) =>
    store.transaction(intentId, (inner) => work(withReplaced(inner, replaced)));
  return withReplaced(store, { transaction });
}

/** Returns an object with some methods replaced. The others run on the object itself. */
function withReplaced<T extends object>(target: T, replaced: Partial<T>): T {
  return new Proxy(target, {
    get(_, name) {
      if (Object.hasOwn(replaced, name)) return Reflect.get(replaced, name);
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Stores the record of an intent at a key, as a payment or a login does. */
export async function submit(
  store: Store,
  key: SigningKey,
  state: IntentRecord["state"] = "submitted",
): Promise<void> {
  await store.transaction(toBase58(key.publicKey), (transaction) =>
    transaction.putIntent({ state, submittedAt: 0, payment: undefined }),
  );
}
