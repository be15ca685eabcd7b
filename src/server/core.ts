import * as crypto from "#crypto";
import { toBase58 } from "../lib/bytes.js";
import { type Report, safeReport } from "./activity.js";
import { type SequencerServices, sequencerServices } from "./calls/services.js";
import { type ProtocolClock, systemClock } from "./clock.js";
import { errorLog } from "./error-log.js";
import type { CheckedServerOptions } from "./options.js";
import type { KeyState, Store } from "./store/store.js";
import { StreamHub } from "./streams/stream-hub.js";
import { WebhookDelivery } from "./webhook/delivery.js";
import { webhookToken } from "./webhook/token.js";

/** Parts that a host can replace. */
export interface ServerParts {
  /** Default: the system clock. */
  readonly clock?: ProtocolClock;
  /** The store that the calls use, for a host that observes it. Default: the store of the options. */
  readonly store?: Store;
  /** The open streams. Default: a {@link StreamHub}. */
  readonly hub?: StreamHub;
  /**
   * Returns whether an account, in base58, is a user's relationship account with a base domain. Default:
   * always `false`.
   */
  readonly isRelationshipAccount?: (account: string, domain: string) => boolean | Promise<boolean>;
  /** Receives internal failures. Default: the logger of the options. */
  readonly onError?: (error: unknown) => void;
}

/** A sequencer without a port. */
export interface ServerCore {
  readonly store: Store;
  readonly hub: StreamHub;
  readonly clock: ProtocolClock;
  readonly delivery: WebhookDelivery;
  readonly services: SequencerServices;
  /** The public key of webhook signatures, base58. */
  readonly webhookPublicKey: string;
  readonly onError: (error: unknown) => void;
  /** Receives what the sequencer does. `undefined` if the host does not log it. */
  readonly report: Report | undefined;
  /** Resumes the delivery of webhooks that are pending in the store. */
  resume(): Promise<void>;
  /** Replaces the complete state and ends every stream and schedule. */
  load(states: ReadonlyMap<string, KeyState>): Promise<void>;
  /** Ends every stream, schedule and timer. */
  stop(): void;
}

/** Assembles the store, streams, webhook delivery and services. */
export function serverCore(options: CheckedServerOptions, parts: ServerParts = {}): ServerCore {
  const {
    clock = systemClock,
    store = options.store,
    hub = new StreamHub(),
    isRelationshipAccount = () => false,
    onError = errorLog(options, "code-intents sequencer:"),
  } = parts;
  const report = options.onActivity && safeReport(options.onActivity, onError);
  const signingKey = crypto.keyFromSeed(options.signingSeed);
  const delivery = new WebhookDelivery({
    store,
    hub,
    clock,
    deliverWebhook: options.deliverWebhook,
    tokenOf: (intentId, intent) => webhookToken(intentId, intent, signingKey),
    report,
    onError,
  });
  const services = sequencerServices({
    store,
    hub,
    clock,
    delivery,
    rules: options,
    webhookUrls: options,
    isRelationshipAccount,
    report,
    onError,
  });
  return {
    report,
    store,
    hub,
    clock,
    delivery,
    services,
    webhookPublicKey: toBase58(signingKey.publicKey),
    onError,
    resume: () => delivery.resume(),
    async load(states) {
      delivery.reset();
      hub.reset();
      await store.load(states);
      await delivery.resume();
    },
    stop() {
      delivery.stop();
      hub.close();
    },
  };
}
