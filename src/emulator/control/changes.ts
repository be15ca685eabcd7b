/** Changes of the state: a store and a stream hub that report them, and their listeners. */
import type { Store, StoreTransaction } from "../../server/store/store.js";
import type { MessageStream } from "../../server/streams/message-stream.js";
import { StreamHub } from "../../server/streams/stream-hub.js";

/** Receives the id of the intent that has changed; `undefined` if everything may have. */
export type ChangeListener = (intentId: string | undefined) => void;

/** Passes changes to the listeners. */
export class Changes {
  readonly #listeners = new Set<ChangeListener>();

  /** Calls every listener. */
  readonly notify: ChangeListener = (intentId) => {
    for (const listener of this.#listeners) listener(intentId);
  };

  /** Adds a listener. Returns a function that removes it. */
  listen(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Wraps a store to report what is written through it. Writes by other processes are not reported. */
export function observedStore(store: Store, notify: ChangeListener): Store {
  return {
    async transaction(intentId, work) {
      const written = { any: false };
      const result = await store.transaction(intentId, (transaction) =>
        work(trackingWrites(transaction, written)),
      );
      if (written.any) notify(intentId);
      return result;
    },
    dump: () => store.dump(),
    async load(states) {
      await store.load(states);
      notify(undefined);
    },
    close: () => store.close(),
  };
}

/** Wraps a transaction to record whether anything is written. */
function trackingWrites(transaction: StoreTransaction, written: { any: boolean }): StoreTransaction {
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

/** The open streams; reports when one opens or ends. */
export class ObservedStreamHub extends StreamHub {
  readonly #notify: ChangeListener;

  constructor(notify: ChangeListener) {
    super();
    this.#notify = notify;
  }

  override open(intentId: string, closedText = ""): MessageStream {
    const stream = super.open(intentId, closedText);
    this.#notify(intentId);
    stream.onEnd(() => this.#notify(intentId));
    return stream;
  }
}
