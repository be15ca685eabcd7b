/** Both ends of a stream: one is written frame by frame, the other is read in the background. */
import { Code, ConnectError } from "@connectrpc/connect";
import { type Deferred, deferred } from "./turns.js";

/** The end of a stream: the name of its Connect code and its text, or `"end"`. */
export type Ending = { readonly code: string; readonly text: string } | "end";

export interface Reading<T> {
  /** Items so far. */
  readonly items: readonly T[];
  /** Settles when the stream ends or fails. */
  readonly ending: Promise<Ending>;
  readonly ended: boolean;
}

/** Reads a stream to its end. */
export function reading<T>(stream: AsyncIterable<T>): Reading<T> {
  const items: T[] = [];
  const state = { ended: false };
  const run = async (): Promise<Ending> => {
    try {
      for await (const item of stream) items.push(item);
      return "end";
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      return { code: Code[error.code] ?? "", text: error.rawMessage };
    } finally {
      state.ended = true;
    }
  };
  const ending = run();
  ending.catch(() => {});
  return {
    items,
    ending,
    get ended() {
      return state.ended;
    },
  };
}

/** Frames to send one at a time. */
export class Frames<T> implements AsyncIterable<T> {
  readonly #waiting: T[] = [];
  #done = false;
  #next: Deferred<void> = deferred();

  constructor(...first: readonly T[]) {
    for (const frame of first) this.send(frame);
  }

  send(frame: T): void {
    this.#waiting.push(frame);
    this.#next.resolve();
  }

  /** Half-closes the stream. */
  end(): void {
    this.#done = true;
    this.#next.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      const frame = this.#waiting.shift();
      if (frame !== undefined) yield frame;
      else if (this.#done) return;
      else {
        this.#next = deferred();
        await this.#next.promise;
      }
    }
  }
}
