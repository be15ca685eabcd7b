import type { Interceptor } from "@connectrpc/connect";
import type { Protocol } from "../../sequencer/capabilities.js";
import type { FetchFunction } from "../../sequencer/transports/types.js";
import { durationText } from "./format.js";
import type { Screen, StatusLine } from "./screen.js";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"] as const;
const FRAME_MS = 120;

/** The part of a session that shows progress. */
interface ProgressContext {
  readonly json: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly err: Screen;
  readonly status: StatusLine;
}

/** Options of {@link Progress}. */
export interface ProgressOptions {
  readonly session: ProgressContext;
  /** What the command waits for, such as `a payment`. */
  readonly what: string;
  /** Milliseconds between two heartbeats without a terminal. 0 disables them. */
  readonly heartbeatMs: number;
}

/** Shows on stderr that a wait goes on: a status line on a terminal, otherwise a line at each heartbeat. */
export class Progress {
  readonly #session: ProgressContext;
  readonly #what: string;
  readonly #startedAt: number = performance.now();
  readonly #timer: NodeJS.Timeout | undefined;
  #askedAt: number | undefined;
  #frame = 0;

  constructor({ session, what, heartbeatMs }: ProgressOptions) {
    this.#session = session;
    this.#what = what;
    if (session.err.isTerminal && session.env.TERM !== "dumb") {
      this.#timer = setInterval(() => this.#turn(), FRAME_MS);
      this.#turn();
    } else if (heartbeatMs > 0) {
      this.#timer = setInterval(() => this.#beat(), heartbeatMs);
    }
  }

  /** Returns client options that record each call to the sequencer. */
  callHooks(
    protocol: Protocol | undefined,
  ): { fetch: FetchFunction } | { interceptors: readonly Interceptor[] } {
    if (protocol === "rest") {
      return {
        fetch: (url, init) => {
          this.#asked();
          // The platform's type of a body has another name for the same.
          return fetch(url, init as RequestInit);
        },
      };
    }
    return {
      interceptors: [
        (next) => (request) => {
          this.#asked();
          return next(request);
        },
      ],
    };
  }

  /** Stops, and removes the status line. */
  stop(): void {
    clearInterval(this.#timer);
    this.#session.status.set("");
  }

  #asked(): void {
    this.#askedAt = performance.now();
  }

  #turn(): void {
    const frame = FRAMES[this.#frame++ % FRAMES.length] ?? "";
    this.#session.status.set(`${frame} ${this.#words()}`);
  }

  #beat(): void {
    const { json, err } = this.#session;
    if (!json) {
      err.line(this.#words());
      return;
    }
    const [waitedMs, lastAskedMs] = [this.#startedAt, this.#askedAt].map((time) =>
      time === undefined ? undefined : Math.round(performance.now() - time),
    );
    err.line(JSON.stringify({ type: "waiting", waitedMs, lastAskedMs }));
  }

  #words(): string {
    const asked = this.#askedAt === undefined ? "" : `, last checked ${since(this.#askedAt)} ago`;
    return `waiting for ${this.#what}… ${since(this.#startedAt)}${asked}`;
  }
}

/** Formats the time since `time` in whole seconds, so that the status line does not flicker. */
function since(time: number): string {
  const seconds = Math.floor((performance.now() - time) / 1_000);
  return seconds < 1 ? "0 s" : durationText(1_000 * seconds);
}
