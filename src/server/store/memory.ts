import type {
  IntentRecord,
  KeyState,
  MessageRecord,
  RequestRecord,
  Store,
  StoreTransaction,
  WebhookRecord,
} from "./store.js";

/** Creates a store in memory. Its content ends with the process. */
export function memoryStore(): Store {
  return new MemoryStore();
}

const emptyState: KeyState = { messages: [] };

class MemoryStore implements Store {
  #states = new Map<string, KeyState>();
  #running = new Map<string, Promise<unknown>>();

  async transaction<T>(intentId: string, work: (transaction: StoreTransaction) => Promise<T>): Promise<T> {
    // `load` replaces both maps. A transaction that is still running ends in the state that it started in.
    const states = this.#states;
    const running = this.#running;
    const before = running.get(intentId);
    const run = (async () => {
      await before;
      const draft = new Draft(states.get(intentId) ?? emptyState);
      const result = await work(draft);
      if (draft.state !== emptyState) states.set(intentId, draft.state);
      return result;
    })();
    const ended = run.then(
      () => undefined,
      () => undefined,
    );
    running.set(intentId, ended);
    try {
      return await run;
    } finally {
      // Kept only while another transaction can wait for it.
      if (running.get(intentId) === ended) running.delete(intentId);
    }
  }

  async dump(): Promise<ReadonlyMap<string, KeyState>> {
    return new Map(this.#states);
  }

  async load(states: ReadonlyMap<string, KeyState>): Promise<void> {
    this.#states = new Map(states);
    this.#running = new Map();
  }

  /**
   * Has nothing to release. It does not wait for running transactions, which can wait for a network that
   * never responds.
   */
  async close(): Promise<void> {}
}

class Draft implements StoreTransaction {
  state: KeyState;

  constructor(state: KeyState) {
    this.state = state;
  }

  async getRequest(): Promise<RequestRecord | undefined> {
    return this.state.request;
  }

  async putRequest(request: RequestRecord): Promise<void> {
    this.state = { ...this.state, request };
  }

  async getIntent(): Promise<IntentRecord | undefined> {
    return this.state.intent;
  }

  async putIntent(intent: IntentRecord): Promise<void> {
    this.state = { ...this.state, intent };
  }

  async getWebhook(): Promise<WebhookRecord | undefined> {
    return this.state.webhook;
  }

  async putWebhook(webhook: WebhookRecord): Promise<void> {
    this.state = { ...this.state, webhook };
  }

  async addMessage(message: MessageRecord): Promise<void> {
    const { messages, firstSeenAt = message.createdAt } = this.state;
    this.state = { ...this.state, messages: [...messages, message], firstSeenAt };
  }

  async listMessages(limit: number): Promise<readonly MessageRecord[]> {
    return this.state.messages.slice(0, limit);
  }

  async hasMessage(kind: string): Promise<boolean> {
    return this.state.messages.some((message) => message.kind === kind);
  }

  async deleteMessages(messageIds: readonly string[]): Promise<void> {
    const gone = new Set(messageIds);
    const messages = this.state.messages.filter(({ messageId }) => !gone.has(messageId));
    // Any caller can acknowledge at any key, so an acknowledgement must not create the key.
    if (messages.length < this.state.messages.length) this.state = { ...this.state, messages };
  }

  async firstSeenAt(): Promise<number | undefined> {
    return this.state.firstSeenAt;
  }
}
