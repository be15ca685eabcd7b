/** Waits by turns of the event loop, in which promises settle and sockets are read, instead of by time. */

/** Waits for a number of turns of the event loop. */
export async function turns(count = 20): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

// The real one, even in a test with fake timers.
const { setTimeout: schedule } = globalThis;

/**
 * Waits until a condition holds. Only the test's time limit ends it otherwise. After some turns it sleeps between them, so that a
 * long wait does not keep a core busy.
 */
export async function until(holds: () => unknown): Promise<void> {
  for (let turn = 0; !(await holds()); turn++) {
    if (turn < 200) await turns(1);
    else await new Promise((resolve) => schedule(resolve, 2));
  }
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
