import { Code, ConnectError } from "@connectrpc/connect";
import type { Report } from "../activity.js";
import { type ProtocolClock, realTime } from "../clock.js";
import { webhookCalled } from "../server-messages.js";
import type { IntentRecord, Store, WebhookAttempt } from "../store/store.js";
import type { StreamHub } from "../streams/stream-hub.js";

/** One HTTP request of a webhook. */
export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A compact JWT. */
  readonly body: string;
  /** Aborted when the attempt times out. */
  readonly signal: AbortSignal;
}

/** Sends one POST, follows redirects, and resolves with the final status. */
export type DeliverWebhook = (request: WebhookRequest) => Promise<{ readonly status: number }>;

/** Dependencies of the delivery. */
export interface DeliveryContext {
  readonly store: Store;
  readonly hub: StreamHub;
  readonly clock: ProtocolClock;
  readonly deliverWebhook: DeliverWebhook;
  /** Returns the signed token of an intent. */
  readonly tokenOf: (intentId: string, intent: IntentRecord) => string;
  readonly report?: Report | undefined;
  /** Receives failures of the store. */
  readonly onError: (error: unknown) => void;
}

/**
 * Delays before the attempts, in milliseconds of the protocol's clock. An attempt schedules the next one when
 * it starts, so attempts can overlap.
 */
export const ATTEMPT_DELAYS_MS: readonly number[] = [
  0, 1_000, 1_000, 15_000, 60_000, 900_000, 3_600_000, 86_400_000,
];
/** Time limit of one attempt, in real time: the receiver and its network need it. */
const ATTEMPT_TIMEOUT_MS: number = 3_000;
/** The webhook has failed this long after its last attempt started, on the clock of the protocol. */
const GIVE_UP_AFTER_MS: number = 60_000;

interface DueWebhook {
  readonly url: string;
  readonly intent: IntentRecord;
}

/** Delivers webhooks at least once, with repeats, until the response to one attempt is exactly 200. */
export class WebhookDelivery {
  readonly #context: DeliveryContext;
  readonly #timers = new Map<string, () => void>();
  readonly #running = new Set<AbortController>();
  #stopped = false;
  /** Incremented by every reset, so that an attempt from before a reset cannot continue after it. */
  #generation = 0;

  constructor(context: DeliveryContext) {
    this.#context = context;
  }

  /** Starts the schedule of a pending webhook. Does nothing for an intent without one. */
  schedule(intentId: string, attempt = 0): void {
    if (this.#stopped) return;
    // One schedule per intent.
    this.#timers.get(intentId)?.();
    const delayMs = ATTEMPT_DELAYS_MS[attempt];
    const next =
      delayMs === undefined
        ? this.#context.clock.after(GIVE_UP_AFTER_MS, () =>
            this.#giveUp(intentId).catch(this.#context.onError),
          )
        : this.#context.clock.after(delayMs, () =>
            this.#attempt(intentId, attempt).catch(this.#context.onError),
          );
    this.#timers.set(intentId, next);
  }

  /**
   * Sends the webhook of an intent once more, whatever the outcome of its earlier attempts, and records the
   * attempt. The schedule of a pending webhook continues.
   *
   * @throws ConnectError FailedPrecondition if the intent has no webhook, or is not submitted
   */
  async resend(intentId: string): Promise<WebhookAttempt> {
    const { store, clock } = this.#context;
    const startedAt = clock.now();
    const due = await store.transaction(intentId, async (transaction) => {
      const webhook = await transaction.getWebhook();
      const intent = await transaction.getIntent();
      if (webhook === undefined) throw new ConnectError("the intent has no webhook", Code.FailedPrecondition);
      if (intent?.state !== "submitted")
        throw new ConnectError("the intent is not submitted", Code.FailedPrecondition);
      return { url: webhook.url, intent, attempts: webhook.attempts.length };
    });
    const attempt = { startedAt, ...(await this.#send(intentId, due)) };
    this.#reportAttempt(intentId, due.attempts, due.url, attempt);
    await this.#record(intentId, attempt, true);
    return attempt;
  }

  /** Resumes the pending webhooks in the store. */
  async resume(): Promise<void> {
    for (const [intentId, { webhook }] of await this.#context.store.dump()) {
      if (webhook?.state === "pending") this.schedule(intentId, webhook.attempts.length);
    }
  }

  /** Drops every schedule and aborts every attempt. */
  stop(): void {
    this.#stopped = true;
    this.reset();
  }

  /** Resets like {@link WebhookDelivery.stop}, but allows new schedules. */
  reset(): void {
    this.#generation += 1;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    for (const attempt of this.#running) attempt.abort();
  }

  async #attempt(intentId: string, attempt: number): Promise<void> {
    const { clock, onError } = this.#context;
    const generation = this.#generation;
    this.#timers.delete(intentId);
    const startedAt = clock.now();
    let due: DueWebhook | undefined;
    try {
      due = await this.#readDue(intentId);
    } catch (error) {
      // A single failure of the store must not end the schedule.
      if (generation === this.#generation) this.schedule(intentId, attempt + 1);
      throw error;
    }
    if (due === undefined || generation !== this.#generation) return;
    this.schedule(intentId, attempt + 1);
    const outcome = await this.#send(intentId, due);
    if (generation !== this.#generation) return;
    this.#reportAttempt(intentId, attempt, due.url, outcome);
    try {
      await this.#record(intentId, { startedAt, ...outcome });
    } catch (error) {
      onError(error);
      if (outcome.httpStatus === 200 && generation === this.#generation)
        await this.#record(intentId, { startedAt, ...outcome, error: "failed to store the response" });
    }
  }

  #reportAttempt(
    intentId: string,
    attempt: number,
    url: string,
    { httpStatus, error }: Omit<WebhookAttempt, "startedAt">,
  ): void {
    this.#context.report?.({
      type: "webhook",
      intent: intentId,
      attempt: attempt + 1,
      url: printableUrl(url),
      httpStatus,
      error,
    });
  }

  #readDue(intentId: string): Promise<DueWebhook | undefined> {
    return this.#context.store.transaction(intentId, async (transaction) => {
      const webhook = await transaction.getWebhook();
      const intent = await transaction.getIntent();
      if (webhook?.state !== "pending" || intent === undefined) return undefined;
      return { url: webhook.url, intent };
    });
  }

  async #send(intentId: string, { url, intent }: DueWebhook): Promise<Omit<WebhookAttempt, "startedAt">> {
    if (intent.state !== "submitted") return { error: "the intent is revoked" };
    const end = new AbortController();
    const { signal } = end;
    this.#running.add(end);
    const cancel = realTime.after(ATTEMPT_TIMEOUT_MS, () => end.abort(new Error("no response in time")));
    // A sender that ignores its signal must not outlive its attempt.
    const ended = new Promise<never>((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
    );
    // The attempt can end before the race below begins, or after it is over.
    ended.catch(() => {});
    try {
      const headers = { "content-type": "application/jwt" };
      const body = this.#context.tokenOf(intentId, intent);
      const delivered = this.#context.deliverWebhook({ url, headers, body, signal });
      const { status } = await Promise.race([delivered, ended]);
      return { httpStatus: status };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    } finally {
      cancel();
      this.#running.delete(end);
    }
  }

  async #record(intentId: string, attempt: WebhookAttempt, isResent = false): Promise<void> {
    const { store, hub, clock } = this.#context;
    const called = await store.transaction(intentId, async (transaction) => {
      const webhook = await transaction.getWebhook();
      if (webhook === undefined) return undefined;
      // Attempts overlap, so a later one can end earlier.
      const attempts = [...webhook.attempts, attempt].sort((a, b) => a.startedAt - b.startedAt);
      const confirmed = attempt.httpStatus === 200 && attempt.error === undefined;
      const state = confirmed ? "confirmed" : webhook.state;
      await transaction.putWebhook({ ...webhook, state, attempts });
      if (!confirmed || (isResent && webhook.state === "confirmed")) return undefined;
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

/** Returns a URL without the parts that can contain a secret. */
function printableUrl(url: string): string {
  if (!URL.canParse(url)) return "";
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
