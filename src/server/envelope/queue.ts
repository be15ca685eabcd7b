import type { Message } from "@bufbuild/protobuf";

// A service that reads at all is never this far behind an honest client.
const MOST_REQUESTS = 64;
const MOST_BYTES: number = 1024 * 1024;

interface Waiting {
  readonly request: Message;
  readonly bytes: number;
}

/** Requests on their way from a client to the call that reads them. */
export class RequestQueue implements AsyncIterableIterator<Message> {
  readonly #waiting: Waiting[] = [];
  readonly #readers: ((result: IteratorResult<Message, undefined>) => void)[] = [];
  #bytes = 0;
  #ended = false;

  /** Adds a request that took so many bytes. `false` where the call is too far behind to take it. */
  push(request: Message, bytes: number): boolean {
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader({ done: false, value: request });
      return true;
    }
    if (this.#waiting.length >= MOST_REQUESTS || this.#bytes + bytes > MOST_BYTES) return false;
    this.#waiting.push({ request, bytes });
    this.#bytes += bytes;
    return true;
  }

  /** No request follows; those that wait are dropped. */
  end(): void {
    this.#ended = true;
    this.#waiting.length = 0;
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    const first = this.#waiting.shift();
    if (first !== undefined) {
      this.#bytes -= first.bytes;
      return Promise.resolve({ done: false, value: first.request });
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#readers.push(resolve));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
