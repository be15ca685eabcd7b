/** Waits by turns of the event loop, in which promises settle and sockets are read, instead of by time. */

/** Waits for a number of turns of the event loop. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits until a condition holds. Only the test's time limit ends it otherwise. */
export async function until(holds: () => unknown): Promise<void> {
  while (!(await holds())) await turns(1);
}

/** Creates a promise that the caller settles. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

export function deferred<T = void>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (reason: unknown) => void = () => {};
  const promise = new Promise<T>((onValue, onReason) => {
    resolve = onValue;
    reject = onReason;
  });
  return { promise, resolve, reject };
}
