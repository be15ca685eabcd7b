/** Who is to be told when the state changes, and what tells of it: the store and the streams, each with a listener. */

import type { Clock } from "../../server/clock.js";
import type { Store, StoreTransaction } from "../../server/store/store.js";
import { type MessageStream, StreamHub } from "../../server/streams/stream-hub.js";

/** Gets the id of the intent that has changed; `undefined` where everything may have. */
export type ChangeListener = (intentId: string | undefined) => void;

/** Hands changes on to whoever listens. */
export class Changes {
  readonly #listeners = new Set<ChangeListener>();

  /** Tells everybody. */
  readonly tell: ChangeListener = (intentId) => {
    for (const listener of this.#listeners) listener(intentId);
  };

  /** Calls back from now on. Returns what ends it. */
  listen(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The same store, which tells of what was written. What other processes write to it goes unnoticed. */
export function toldStore(store: Store, tell: ChangeListener): Store {
  return {
    async transaction(intentId, work) {
      const written = { any: false };
      const result = await store.transaction(intentId, (transaction) => work(noting(transaction, written)));
      if (written.any) tell(intentId);
      return result;
    },
    dump: () => store.dump(),
    async load(states) {
      await store.load(states);
      tell(undefined);
    },
    close: () => store.close(),
  };
}

/** The same transaction, which notes whether anything is written. */
function noting(transaction: StoreTransaction, written: { any: boolean }): StoreTransaction {
  const write = (done: Promise<void>): Promise<void> => {
    written.any = true;
    return done;
  };
  return {
    getRequest: () => transaction.getRequest(),
    putRequest: (request) => write(transaction.putRequest(request)),
    getIntent: () => transaction.getIntent(),
    putIntent: (intent) => write(transaction.putIntent(intent)),
    getWebhook: () => transaction.getWebhook(),
    putWebhook: (webhook) => write(transaction.putWebhook(webhook)),
    addMessage: (message) => write(transaction.addMessage(message)),
    listMessages: (limit) => transaction.listMessages(limit),
    hasMessage: (kind) => transaction.hasMessage(kind),
    deleteMessages: (messageIds) => write(transaction.deleteMessages(messageIds)),
    firstSeenAt: () => transaction.firstSeenAt(),
  };
}

/** The open streams, which tell when somebody begins or ends to listen at a key. */
export class ToldStreamHub extends StreamHub {
  readonly #tell: ChangeListener;

  constructor(clock: Clock, tell: ChangeListener) {
    super(clock);
    this.#tell = tell;
  }

  override open(intentId: string, closedText = ""): MessageStream {
    const stream = super.open(intentId, closedText);
    this.#tell(intentId);
    stream.onEnd(() => this.#tell(intentId));
    return stream;
  }
}
