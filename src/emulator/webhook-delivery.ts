import type { Clock } from "./clock.js";
import { webhookCalled } from "./server-messages.js";
import type { IntentRecord, Store, WebhookAttempt } from "./store.js";
import type { StreamHub } from "./stream-hub.js";

/** One HTTP request of a webhook. */
export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A compact JWT. */
  readonly body: string;
  /** Fires when the attempt has taken too long. */
  readonly signal: AbortSignal;
}

/** Sends one POST, follows redirects, and resolves with the final status. */
export type DeliverWebhook = (request: WebhookRequest) => Promise<{ readonly status: number }>;

/** What the delivery depends on. */
export interface DeliveryContext {
  readonly store: Store;
  readonly hub: StreamHub;
  readonly clock: Clock;
  readonly deliverWebhook: DeliverWebhook;
  /** The signed token of an intent. */
  readonly tokenOf: (intentId: string, intent: IntentRecord) => string;
  /** Told of failures of the store. */
  readonly onError: (error: unknown) => void;
}

/** Pauses before the attempts, in milliseconds. The next attempt is scheduled when one starts, so they can overlap. */
export const ATTEMPT_DELAYS_MS: readonly number[] = [
  0, 1_000, 1_000, 15_000, 60_000, 900_000, 3_600_000, 86_400_000,
];
/** Time of one attempt. */
export const ATTEMPT_TIMEOUT_MS: number = 3_000;
/** After the last attempt has started, the webhook counts as failed this much later. */
export const GIVE_UP_AFTER_MS: number = 60_000;

/** Delivers webhooks: at least once, with repeats, until one attempt is answered with exactly 200. */
export class WebhookDelivery {
  readonly #context: DeliveryContext;
  readonly #timers = new Map<string, () => void>();
  readonly #running = new Set<AbortController>();
  #stopped = false;

  constructor(context: DeliveryContext) {
    this.#context = context;
  }

  /** Starts the schedule of a webhook that is pending. Does nothing for an intent without one. */
  arm(intentId: string, attemptsSoFar = 0): void {
    this.#schedule(intentId, attemptsSoFar);
  }

  /** Goes on with what a store from before holds. */
  async resume(): Promise<void> {
    for (const [intentId, { webhook }] of await this.#context.store.dump()) {
      if (webhook?.state === "pending") this.arm(intentId, webhook.attempts.length);
    }
  }

  /** Drops every schedule and ends every attempt. */
  stop(): void {
    this.#stopped = true;
    this.reset();
  }

  /** As {@link WebhookDelivery.stop}, but new schedules may start. */
  reset(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    for (const attempt of this.#running) attempt.abort();
  }

  #schedule(intentId: string, attempt: number): void {
    if (this.#stopped) return;
    const delayMs = ATTEMPT_DELAYS_MS[attempt];
    const next =
      delayMs === undefined
        ? this.#context.clock.after(
            GIVE_UP_AFTER_MS,
            () => void this.#giveUp(intentId).catch(this.#context.onError),
          )
        : this.#context.clock.after(
            delayMs,
            () => void this.#attempt(intentId, attempt).catch(this.#context.onError),
          );
    this.#timers.set(intentId, next);
  }

  async #attempt(intentId: string, attempt: number): Promise<void> {
    const { store, clock } = this.#context;
    this.#timers.delete(intentId);
    const startedAt = clock.now();
    const due = await store.transaction(intentId, async (transaction) => {
      const webhook = await transaction.getWebhook();
      const intent = await transaction.getIntent();
      if (webhook?.state !== "pending" || intent === undefined) return undefined;
      return { url: webhook.url, intent };
    });
    if (due === undefined) return;
    this.#schedule(intentId, attempt + 1);
    const outcome: Omit<WebhookAttempt, "startedAt"> =
      due.intent.state === "submitted"
        ? await this.#send(due.url, this.#context.tokenOf(intentId, due.intent))
        : { error: "the intent is revoked" };
    await this.#record(intentId, { startedAt, ...outcome });
  }

  async #send(url: string, body: string): Promise<Omit<WebhookAttempt, "startedAt">> {
    const end = new AbortController();
    this.#running.add(end);
    const cancel = this.#context.clock.after(ATTEMPT_TIMEOUT_MS, () =>
      end.abort(new Error("no answer in time")),
    );
    try {
      const headers = { "content-type": "application/jwt" };
      const { status } = await this.#context.deliverWebhook({ url, headers, body, signal: end.signal });
      return { httpStatus: status };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    } finally {
      cancel();
      this.#running.delete(end);
    }
  }

  async #record(intentId: string, attempt: WebhookAttempt): Promise<void> {
    const { store, hub, clock } = this.#context;
    const called = await store.transaction(intentId, async (transaction) => {
      const webhook = await transaction.getWebhook();
      if (webhook === undefined) return undefined;
      const attempts = [...webhook.attempts, attempt];
      const confirmed = attempt.httpStatus === 200;
      const state = confirmed ? "confirmed" : webhook.state;
      await transaction.putWebhook({ ...webhook, state, attempts });
      if (!confirmed) return undefined;
      const message = webhookCalled(clock.now());
      await transaction.addMessage(message.record);
      return message;
    });
    if (called === undefined) return;
    this.#timers.get(intentId)?.();
    this.#timers.delete(intentId);
    await hub.deliver(intentId, called.message);
  }

  async #giveUp(intentId: string): Promise<void> {
    this.#timers.delete(intentId);
    await this.#context.store.transaction(intentId, async (transaction) => {
      const webhook = await transaction.getWebhook();
      if (webhook?.state === "pending") await transaction.putWebhook({ ...webhook, state: "failed" });
    });
  }
}
