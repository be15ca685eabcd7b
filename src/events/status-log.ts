import { TransportError } from "../errors.js";
import { escapeControls } from "../escape-controls.js";
import type { IntentStatus } from "../sequencer/port.js";

/** Receives the warnings of a watch. */
export interface WarningLogger {
  warn(message: string): void;
}

/**
 * Remembers the last failed status check. Warns once when checks begin to fail, once when they succeed again,
 * once if the intent is not registered, and once if the server rejects streams.
 */
export class StatusLog {
  readonly #logger: WarningLogger;
  readonly #intentId: string;
  #warnedOfUnknown = false;
  #isUnknown = false;
  #warnedOfStreams = false;
  #lastFailure: unknown;

  constructor(logger: WarningLogger, intentId: string) {
    this.#logger = logger;
    this.#intentId = intentId;
  }

  /** Error of the last status check; `undefined` if it succeeded. */
  get lastFailure(): unknown {
    return this.#lastFailure;
  }

  /** Whether the sequencer did not know the intent at the last check that succeeded. */
  get isUnknown(): boolean {
    return this.#isUnknown;
  }

  /** Returns the result of a status check, and logs what has changed. */
  async observe(check: Promise<IntentStatus>): Promise<IntentStatus> {
    try {
      const status = await check;
      this.#isUnknown = status.state === "unknown";
      if (this.#isUnknown && !this.#warnedOfUnknown) {
        this.#warnedOfUnknown = true;
        this.#warn("does not know this intent; it cannot be paid until it is created");
      }
      if (this.#lastFailure !== undefined) this.#warn("responds again");
      this.#lastFailure = undefined;
      return status;
    } catch (error) {
      const ended =
        error instanceof TransportError && (error.code === "aborted" || error.code === "client_closed");
      if (ended) throw error;
      if (this.#lastFailure === undefined)
        this.#warn(`fails to respond; the watch continues to check: ${(error as Error).message}`);
      this.#lastFailure = error;
      throw error;
    }
  }

  /** Warns once that the server refuses streams, which delays events until the next poll. */
  streamsRefused(error: unknown): void {
    if (this.#warnedOfStreams) return;
    this.#warnedOfStreams = true;
    this.#warn(`refuses streams; the watch polls instead: ${(error as Error).message}`, "messages");
  }

  #warn(what: string, subject = "status check"): void {
    this.#logger.warn(
      escapeControls(`code-intents: ${subject} of intent ${this.#intentId}: the sequencer ${what}`),
    );
  }
}
