import type { Message } from "@bufbuild/protobuf";

// A call that reads its requests is never this far behind a well-behaved client.
const MAX_REQUESTS = 64;
const MAX_BYTES: number = 1024 * 1024;

interface Waiting {
  readonly request: Message;
  readonly bytes: number;
}

/** Queues requests between a client and the call that reads them. */
export class RequestQueue implements AsyncIterableIterator<Message> {
  readonly #waiting: Waiting[] = [];
  readonly #readers: ((result: IteratorResult<Message, undefined>) => void)[] = [];
  #bytes = 0;
  #ended = false;

  /** Adds a request of `bytes` bytes. Returns `false` if the queue is full. */
  push(request: Message, bytes: number): boolean {
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader({ done: false, value: request });
      return true;
    }
    if (this.#waiting.length >= MAX_REQUESTS || this.#bytes + bytes > MAX_BYTES) return false;
    this.#waiting.push({ request, bytes });
    this.#bytes += bytes;
    return true;
  }

  /** Ends the queue and drops the requests in it. */
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
