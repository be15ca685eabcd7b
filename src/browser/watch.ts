/**
 * Tracks a payment in a page.
 *
 * @module
 */
import type { Logger } from "../client/options.js";
import { waitForSubmitted } from "../client/wait.js";
import { checkWatchOptions, type WatchOptions } from "../client/watch-options.js";
import { InputError } from "../errors.js";
import type { PaymentEvent, SubmittedEvent } from "../events/events.js";
import { Watch, type WatchContext } from "../events/watch.js";
import type { CheckedWatchOptions } from "../events/watch-options.js";
import { checkBaseUrl } from "../lib/base-url.js";
import { checkOptions } from "../lib/options.js";
import { rendezvousKey } from "../rendezvous/key.js";
import { callWithRetries, DEFAULT_RETRY, DEFAULT_TIMEOUT_MS } from "../sequencer/call.js";
import { CAPABILITIES } from "../sequencer/capabilities.js";
import type { FetchFunction, WebSocketConstructor } from "../sequencer/transports/types.js";
import type { PageCalls, PageTarget } from "./calls.js";
import type { RebuiltPayment } from "./payment.js";
import { watchedPayment } from "./watched-payment.js";

/** Options of {@link watchPayment}. */
export interface WatchPaymentOptions extends Omit<WatchOptions, "soleListener"> {
  /** URL of the sequencer; `https:`, or `http:` on loopback. */
  readonly baseUrl: string;
  /** Default: `"envelope"`, which uses a WebSocket and is the smallest. `"connect"` needs only fetch. */
  readonly protocol?: "envelope" | "connect" | undefined;
  /** Replaces the platform's `fetch`. */
  readonly fetch?: FetchFunction | undefined;
  /** Replaces the platform's `WebSocket`. Only with `"envelope"`. */
  readonly webSocket?: WebSocketConstructor | undefined;
  /**
   * Receives a warning when the sequencer stops responding, and when it responds again. Default: `console`.
   */
  readonly logger?: Logger | undefined;
  /** Allows `http:` beyond loopback. Default: `false`. */
  readonly allowInsecure?: boolean | undefined;
}

/**
 * Tracks a payment in a page, like `CodeClient.paymentIntents.watch`: yields verified, typed events, and
 * reconnects automatically. Without a WebSocket it polls. Import this module when the code is on the screen.
 * It loads the protocol when the watch begins.
 *
 * @throws InputError for invalid options, at once
 * @throws TransportError `aborted`, WaitError `payment_timeout`, while the events are read
 * @example
 * ```ts
 * import type { RebuiltPayment } from "code-intents/browser";
 *
 * export async function show(payment: RebuiltPayment, baseUrl: string, signal: AbortSignal) {
 *   const { watchPayment } = await import("code-intents/browser/watch");
 *   for await (const event of watchPayment(payment, { baseUrl, signal })) console.log(event.type);
 * }
 * ```
 */
export function watchPayment(
  payment: RebuiltPayment,
  options: WatchPaymentOptions,
): AsyncGenerator<PaymentEvent, void, undefined> {
  const { context, watch } = check(payment, options);
  return new Watch(context, watchedPayment(payment), watch);
}

/**
 * Waits until a payment is submitted. A page can show the result. A backend must not fulfil an order because
 * of it.
 *
 * @throws as {@link watchPayment}; WaitError `payment_rejected` with `until: "rejected"`
 */
export async function waitForPayment(
  payment: RebuiltPayment,
  options: WatchPaymentOptions,
): Promise<SubmittedEvent> {
  const { context, watch } = check(payment, options);
  return waitForSubmitted(context, watchedPayment(payment), watch);
}

const ownNames = ["baseUrl", "protocol", "fetch", "webSocket", "logger", "allowInsecure"] as const;
const watchNames = ["until", "intervalMs", "timeoutMs", "signal", "headers"] as const;

function check(
  payment: RebuiltPayment,
  options: WatchPaymentOptions,
): { readonly context: WatchContext; readonly watch: CheckedWatchOptions } {
  if (!(payment?.payload instanceof Uint8Array))
    throw new InputError("invalid_option", "payment", "must come from rebuildPayment");
  checkOptions(options, "", [...ownNames, ...watchNames]);
  const { protocol = "envelope", logger = console, allowInsecure = false, fetch, webSocket } = options;
  if (protocol !== "envelope" && protocol !== "connect")
    throw new InputError("invalid_option", "protocol", 'must be "envelope" or "connect"');
  if (webSocket !== undefined && protocol !== "envelope")
    throw new InputError(
      "conflicting_options",
      "webSocket",
      'has no effect with the protocol "connect"; only "envelope" opens a WebSocket',
    );
  const { until, intervalMs, timeoutMs, signal, headers } = options;
  const watch = checkWatchOptions({ until, intervalMs, timeoutMs, signal, headers }, CAPABILITIES[protocol]);
  const baseUrl = checkBaseUrl(options.baseUrl, "baseUrl", allowInsecure === true);
  const target = { baseUrl, fetch: fetch ?? platformFetch, webSocket };
  let opened: Promise<PageCalls> | undefined;
  const open = (): Promise<PageCalls> => {
    opened ??= protocol === "connect" ? openConnect(target) : openEnvelope(target);
    return opened;
  };
  const { publicKey } = rendezvousKey(payment.payload);
  // Never fires: there is no client to close. The caller's signal ends the watch.
  const closed = new AbortController().signal;
  const policy = { retry: DEFAULT_RETRY, timeoutMs: DEFAULT_TIMEOUT_MS, headers: {}, closed };
  return {
    watch,
    context: {
      logger,
      headers: {},
      timeoutMs: DEFAULT_TIMEOUT_MS,
      closed,
      open,
      getStatus: (_, call) =>
        callWithRetries(policy, call, async (attempt) => (await open()).getStatus(publicKey, attempt)),
    },
  };
}

const platformFetch: FetchFunction = (url, init) => globalThis.fetch(url, init) as ReturnType<FetchFunction>;

async function openConnect(target: PageTarget): Promise<PageCalls> {
  return (await import("./connect.js")).connectCalls(target);
}

async function openEnvelope(target: PageTarget): Promise<PageCalls> {
  return (await import("./envelope.js")).envelopeCalls(target);
}
