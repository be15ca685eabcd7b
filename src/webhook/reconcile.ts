import { InputError } from "../errors.js";
import { checkOptions } from "../lib/options.js";
import type { OnceOutcome } from "./once.js";

/** Options of {@link reconcile}. */
export interface ReconcileOptions<Order> {
  /** Returns the status of the order's intent: `(order) => code.paymentIntents.getStatus(order.intentId)`. */
  readonly getStatus: (order: Order) => Promise<{ readonly intentSubmitted: boolean }>;
  /**
   * Returns whether `create` of the order's intent succeeded, as recorded with the order. If not, the order
   * is `"open"`, and its status is not checked: it can report another party's payment. Omit it only if
   * `openOrders` contains no such order. An order whose `create` threw `already_submitted` is never
   * registered in this sense.
   */
  readonly isRegistered?: (order: Order) => boolean | Promise<boolean>;
  /**
   * Called for a paid order. Use the same `onceOnly` function as the webhooks, because both can run
   * concurrently.
   */
  readonly fulfil: (order: Order) => unknown;
  /** Number of orders that are processed concurrently, 1 to 100. Default: 4. */
  readonly concurrency?: number | undefined;
}

/** The outcome of one order. */
export type Reconciled<Order> =
  | {
      readonly order: Order;
      /**
       * `"open"`: not paid yet, or not registered. Otherwise the outcome that `fulfil` returned, or
       * `"fulfilled"` if it returned none.
       */
      readonly outcome: OnceOutcome | "open";
    }
  | {
      readonly order: Order;
      readonly outcome: "failed";
      /** The error that `getStatus` or `fulfil` threw. The order stays open. Try again in the next run. */
      readonly error: unknown;
    };

/**
 * Checks the status of open orders, and fulfils paid ones whose webhook never arrived. Run it every few
 * minutes: the sequencer abandons a webhook after eight attempts in about 25 hours, and your receiver can be
 * down that long.
 *
 * Yields outcomes as they complete, not in the order of `openOrders`. One failure does not stop the others.
 * Orders are read only as fast as outcomes are consumed. Leaving the loop starts no more orders and waits for
 * those in progress.
 *
 * A status is unsigned and names no destination: trust it only as far as the connection to the sequencer. It
 * applies to your order only if `create` of its intent succeeded and you recorded that. After
 * `already_submitted` it never does: only the verified webhook, a payment event that matches the order, or a
 * person decides.
 *
 * @throws InputError for invalid options. Rethrows the error of `openOrders` after the outcomes of the orders
 * in progress
 * @example
 * ```ts
 * import { reconcile } from "code-intents/webhook";
 *
 * const openOrders = [{ ...order, registered: true }]; // set after `create` resolved
 * const options = {
 *   isRegistered: ({ registered }: { registered: boolean }) => registered,
 *   getStatus: ({ intentId }: { intentId: string }) => code.paymentIntents.getStatus(intentId),
 *   fulfil: ({ intentId }: { intentId: string }) => orders.save({ intentId, paid: true }),
 * };
 * for await (const result of reconcile(openOrders, options)) {
 *   if (result.outcome === "failed") console.warn(result.order.intentId, result.error);
 * }
 * ```
 */
export function reconcile<Order>(
  openOrders: Iterable<Order> | AsyncIterable<Order>,
  options: ReconcileOptions<Order>,
): AsyncGenerator<Reconciled<Order>, void, undefined> {
  checkOptions(options, "", ["getStatus", "isRegistered", "fulfil", "concurrency"]);
  for (const name of ["getStatus", "fulfil"] as const) {
    if (typeof options[name] !== "function")
      throw new InputError("missing_option", name, "required: a function");
  }
  // Absent, every order counts as registered. So `undefined` is not treated as absent.
  if (Object.hasOwn(options, "isRegistered") && typeof options.isRegistered !== "function")
    throw new InputError("invalid_option", "isRegistered", "must be a function that returns a boolean");
  const concurrency = options.concurrency ?? 4;
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 100) {
    throw new InputError("invalid_option", "concurrency", "must be an integer from 1 to 100");
  }
  return run(iteratorOf(openOrders), (order) => reconcileOne(order, options), concurrency);
}

async function reconcileOne<Order>(
  order: Order,
  { getStatus, isRegistered, fulfil }: ReconcileOptions<Order>,
): Promise<Reconciled<Order>> {
  try {
    const registered: unknown = isRegistered === undefined || (await isRegistered(order));
    if (typeof registered !== "boolean")
      throw new InputError("invalid_option", "isRegistered", "must return a boolean");
    if (!registered) return { order, outcome: "open" };
    const { intentSubmitted } = await getStatus(order);
    if (typeof intentSubmitted !== "boolean") {
      throw new InputError(
        "invalid_option",
        "getStatus",
        "must resolve to a status with a boolean intentSubmitted",
      );
    }
    if (!intentSubmitted) return { order, outcome: "open" };
    const outcome = await fulfil(order);
    return { order, outcome: outcome === "already" || outcome === "busy" ? outcome : "fulfilled" };
  } catch (error) {
    return { order, outcome: "failed", error };
  }
}

type AnyIterator<T> = Iterator<T> | AsyncIterator<T>;

function iteratorOf<T>(source: Iterable<T> | AsyncIterable<T>): AnyIterator<T> {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
  if (Symbol.iterator in source) return source[Symbol.iterator]();
  throw new InputError("invalid_option", "openOrders", "must be an array or an (async) iterable");
}

type Event<Order> =
  | { readonly pulled: IteratorResult<Order> }
  | { readonly broken: unknown }
  | { readonly finished: Promise<Event<Order>>; readonly result: Reconciled<Order> };

/**
 * Never rejects. A failure of the source is an event too, so that no outcome of an order in progress is lost.
 */
async function pull<Order>(source: AnyIterator<Order>): Promise<Event<Order>> {
  try {
    return { pulled: await source.next() };
  } catch (broken) {
    return { broken };
  }
}

async function* run<Order>(
  source: AnyIterator<Order>,
  work: (order: Order) => Promise<Reconciled<Order>>,
  concurrency: number,
): AsyncGenerator<Reconciled<Order>, void, undefined> {
  const running = new Set<Promise<Event<Order>>>();
  let pulling: Promise<Event<Order>> | undefined;
  let ended: { readonly broken?: unknown } | undefined;
  try {
    for (;;) {
      if (ended === undefined && running.size < concurrency) pulling ??= pull(source);
      if (pulling === undefined && running.size === 0) break;
      const event = await Promise.race(pulling === undefined ? running : [...running, pulling]);
      if ("finished" in event) {
        running.delete(event.finished);
        yield event.result;
        continue;
      }
      pulling = undefined;
      if ("broken" in event) ended = event;
      else if (event.pulled.done === true) ended = {};
      else running.add(begin(work(event.pulled.value)));
    }
  } finally {
    if (ended === undefined) await source.return?.();
    await Promise.all(running);
  }
  if (ended !== undefined && "broken" in ended) throw ended.broken;
}

function begin<Order>(work: Promise<Reconciled<Order>>): Promise<Event<Order>> {
  const finished: Promise<Event<Order>> = work.then((result) => ({ finished, result }));
  return finished;
}
