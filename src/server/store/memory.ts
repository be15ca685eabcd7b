import { Code, ConnectError } from "@connectrpc/connect";
import { checkStateLimits, type StateLimits } from "./limits.js";
import type {
  IntentRecord,
  KeyState,
  MessageRecord,
  RequestRecord,
  Store,
  StoreTransaction,
  WebhookRecord,
} from "./store.js";

/**
 * Creates a store in memory. Its content ends with the process. A message beyond a limit is rejected with
 * ResourceExhausted. The sequencer's own messages, at most two for each intent, are exempt, so that an
 * accepted payment always completes.
 *
 * @param limits default: {@link DEFAULT_STATE_LIMITS}
 * @throws InputError `invalid_option` for an invalid limit
 * @example
 * ```ts
 * const emulator = await Emulator.start({ store: memoryStore({ keys: 1_000 }) });
 * ```
 */
export function memoryStore(limits?: Partial<StateLimits>): Store {
  return new MemoryStore(checkStateLimits(limits));
}

const emptyState: KeyState = { messages: [] };

/** Kinds of messages that the sequencer creates itself, once for each intent. */
const serverKinds: ReadonlySet<string> = new Set(["intentSubmitted", "webhookCalled"]);

// Estimates of what a key and a message take beside the bytes of the messages, also in an export.
const KEY_BYTES = 2_048;
const MESSAGE_BYTES = 256;

class MemoryStore implements Store {
  readonly #limits: StateLimits;
  #states = new Map<string, KeyState>();
  #running = new Map<string, Promise<unknown>>();
  /** The estimated size of `#states`, in bytes. */
  #bytes = 0;

  constructor(limits: StateLimits) {
    this.#limits = limits;
  }

  async transaction<T>(intentId: string, work: (transaction: StoreTransaction) => Promise<T>): Promise<T> {
    // `load` replaces both maps. A transaction that is still running ends in the state that it started in.
    const states = this.#states;
    const running = this.#running;
    const before = running.get(intentId);
    const run = (async () => {
      await before;
      const draft = new Draft(states.get(intentId) ?? emptyState);
      const result = await work(draft);
      if (draft.state === emptyState) return result;
      const addedBytes = draft.addedBytes + (states.has(intentId) ? 0 : KEY_BYTES);
      // Transactions at other keys have run meanwhile, so the limits are checked when the draft takes effect.
      if (draft.clientMessages.length > 0) this.#checkLimits(draft, addedBytes, states.has(intentId));
      states.set(intentId, draft.state);
      if (states === this.#states) this.#bytes += addedBytes;
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

  /** Accepts a state of any size. If it is beyond a limit, it accepts no further messages. */
  async load(states: ReadonlyMap<string, KeyState>): Promise<void> {
    this.#states = new Map(states);
    this.#running = new Map();
    this.#bytes = 0;
    for (const { messages } of states.values()) this.#bytes += KEY_BYTES + sizeOf(messages);
  }

  /**
   * Has nothing to release. It does not wait for running transactions, which can wait for a network that
   * never responds.
   */
  async close(): Promise<void> {}

  #checkLimits({ state, clientMessages }: Draft, addedBytes: number, isKnown: boolean): void {
    const { messageBytes, messagesPerKey, bytesPerKey, keys, bytes } = this.#limits;
    for (const message of clientMessages) {
      if (message.bytes.length > messageBytes)
        throw exhausted("messageBytes", `a message can have at most ${messageBytes} bytes`);
    }
    if (state.messages.length > messagesPerKey)
      throw exhausted(
        "messagesPerKey",
        `a rendezvous key can have at most ${messagesPerKey} messages`,
        "acknowledge messages",
      );
    if (lengthOf(state.messages) > bytesPerKey)
      throw exhausted(
        "bytesPerKey",
        `the messages of a rendezvous key can have at most ${bytesPerKey} bytes`,
        "acknowledge messages",
      );
    if (!isKnown && this.#states.size >= keys)
      throw exhausted("keys", `the state can have at most ${keys} rendezvous keys`, "reset the state");
    if (this.#bytes + addedBytes > bytes)
      throw exhausted("bytes", `the state can have at most ${bytes} bytes`, "reset the state");
  }
}

/** Creates the error of a full store: the limit, then how to fix it. */
function exhausted(option: keyof StateLimits, limit: string, remedy?: string): ConnectError {
  const remedies = [...(remedy === undefined ? [] : [remedy]), `raise stateLimits.${option}`];
  return new ConnectError(`${limit}; ${remedies.join(" or ")}`, Code.ResourceExhausted);
}

/** Sum of the bytes of messages. */
function lengthOf(messages: readonly MessageRecord[]): number {
  let total = 0;
  for (const { bytes } of messages) total += bytes.length;
  return total;
}

/** Estimated size of messages, in bytes. */
function sizeOf(messages: readonly MessageRecord[]): number {
  return lengthOf(messages) + messages.length * MESSAGE_BYTES;
}

class Draft implements StoreTransaction {
  state: KeyState;
  /** The estimated change in size, in bytes. */
  addedBytes = 0;
  /** The added messages of clients, to which the limits apply. */
  readonly clientMessages: MessageRecord[] = [];

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
    this.addedBytes += sizeOf([message]);
    if (!serverKinds.has(message.kind)) this.clientMessages.push(message);
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
    if (messages.length === this.state.messages.length) return;
    this.addedBytes += sizeOf(messages) - sizeOf(this.state.messages);
    this.state = { ...this.state, messages };
  }

  async firstSeenAt(): Promise<number | undefined> {
    return this.state.firstSeenAt;
  }
}
