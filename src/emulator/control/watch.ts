/** WatchIntents: the newest intents, then every change. */
import { setTimeout as sleep } from "node:timers/promises";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  type WatchIntentsRequest,
  type WatchIntentsResponse,
  WatchIntentsResponseSchema,
} from "../../../gen/codeintents/emulator/v1/emulator_service_pb.js";
import { invalidArgument } from "../../server/failure.js";
import type { KeyState } from "../../server/store/store.js";
import type { Changes } from "./changes.js";
import { byAge, intentOutline } from "./intent-view.js";

/** Most intents that one watch reports. */
const MAX_INTENTS = 200;
/** Most intents in one response. Keeps a response well below a megabyte. */
const INTENTS_PER_RESPONSE = 20;
/** Most watches that are open at a time. */
const MAX_WATCHES = 16;
/** Changes within this time are sent together. */
const PAUSE_MS = 50;
/** After this time without a change, an empty response shows that the emulator still runs. */
const HEARTBEAT_MS = 5_000;

/** The state that a watch reports. Times are in milliseconds since 1970. */
export interface WatchSource {
  dump(): Promise<ReadonlyMap<string, KeyState>>;
  hasStream(intentId: string): boolean;
  /** Milliseconds since 1970. */
  now(): number;
  /** Whether the clock runs, as opposed to frozen. */
  clockRunning(): boolean;
}

/** The open watches of an emulator. */
export class IntentWatches {
  readonly #source: WatchSource;
  readonly #changes: Changes;
  readonly #end = new AbortController();
  #open = 0;
  #total = 0;

  constructor(source: WatchSource, changes: Changes) {
    this.#source = source;
    this.#changes = changes;
  }

  /** Ends every watch, and rejects new ones. */
  close(): void {
    this.#end.abort();
  }

  /**
   * Reports changes until the caller leaves.
   *
   * @throws ConnectError ResourceExhausted if too many watches are open, Unavailable when the emulator closes
   */
  async *watch({ limit }: WatchIntentsRequest, left: AbortSignal): AsyncGenerator<WatchIntentsResponse> {
    if (limit > MAX_INTENTS) throw invalidArgument(`limit: must be at most ${MAX_INTENTS}`);
    if (this.#open >= MAX_WATCHES)
      throw new ConnectError(
        `${MAX_WATCHES} watches are already open; close one first`,
        Code.ResourceExhausted,
      );
    this.#open += 1;
    const pending = new PendingChanges(this.#changes);
    try {
      const signal = AbortSignal.any([left, this.#end.signal]);
      yield* this.#responses(pending, limit || MAX_INTENTS, signal);
    } finally {
      pending.close();
      this.#open -= 1;
    }
    if (this.#end.signal.aborted) throw new ConnectError("the emulator is closing", Code.Unavailable);
  }

  async *#responses(
    pending: PendingChanges,
    limit: number,
    signal: AbortSignal,
  ): AsyncGenerator<WatchIntentsResponse> {
    while (!signal.aborted) {
      const { startsOver, changed } = pending.take();
      const states = startsOver || changed.size > 0 ? byAge(await this.#source.dump()) : undefined;
      const listed = states?.slice(-limit).filter(([intentId]) => startsOver || changed.has(intentId)) ?? [];
      if (states !== undefined) this.#total = states.length;
      for (let at = 0; at === 0 || at < listed.length; at += INTENTS_PER_RESPONSE) {
        const intents = listed
          .slice(at, at + INTENTS_PER_RESPONSE)
          .map(([intentId, state]) => intentOutline(intentId, state, this.#source.hasStream(intentId)));
        yield this.#response({ startsOver: startsOver && at === 0, intents });
      }
      await pending.wait(HEARTBEAT_MS, signal);
      await pause(PAUSE_MS, signal);
    }
  }

  #response(fields: MessageInitShape<typeof WatchIntentsResponseSchema>): WatchIntentsResponse {
    const now = timestampFromMs(this.#source.now());
    const clockRunning = this.#source.clockRunning();
    return create(WatchIntentsResponseSchema, { ...fields, total: this.#total, now, clockRunning });
  }
}

/** The changes since the last response. */
class PendingChanges {
  #startsOver = true;
  #changed = new Set<string>();
  #wake: (() => void) | undefined;
  readonly close: () => void;

  constructor(changes: Changes) {
    this.close = changes.listen((intentId) => {
      if (intentId === undefined) this.#startsOver = true;
      else this.#changed.add(intentId);
      this.#wake?.();
    });
  }

  take(): { readonly startsOver: boolean; readonly changed: ReadonlySet<string> } {
    const taken = { startsOver: this.#startsOver, changed: this.#changed };
    this.#startsOver = false;
    this.#changed = new Set();
    return taken;
  }

  /** Waits for a change, for `ms` at most. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#startsOver || this.#changed.size > 0 || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      timer.unref();
      signal.addEventListener("abort", done);
      this.#wake = done;
    });
  }
}

/** Waits `ms` milliseconds. Resolves early when the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => {});
}
