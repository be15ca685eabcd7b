import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import * as crypto from "#crypto";
import { toBase58 } from "../lib/bytes.js";
import { type SequencerServices, sequencerRoutes, sequencerServices } from "../server/calls/services.js";
import { WebhookDelivery } from "../server/webhook/delivery.js";
import { webhookToken } from "../server/webhook/token.js";
import { Changes, ToldStreamHub, toldStore } from "./control/changes.js";
import { type Controls, controlRoutes } from "./control/control.js";
import { IntentWatches, type Watched } from "./control/watch.js";
import type { CheckedEmulatorOptions } from "./options.js";
import { WalletUsers } from "./wallet/users.js";
import { Wallet } from "./wallet/wallet.js";

/** Everything of an emulator but its port. */
export interface EmulatorCore {
  readonly services: SequencerServices;
  readonly wallet: Wallet;
  readonly controls: Controls;
  /** Base58 of the public key that webhooks are signed with. */
  readonly webhookPublicKey: string;
  /** Registers every service. `authorize` throws for callers that may not use the control services. */
  readonly routes: (authorize: (context: HandlerContext) => void) => (router: ConnectRouter) => void;
  /** Goes on with the webhooks that a store from before holds. */
  resume(): Promise<void>;
  /** Ends every stream, schedule and timer. */
  stop(): void;
}

/** Puts the emulator's parts together. */
export function emulatorCore(
  options: CheckedEmulatorOptions,
  onError: (error: unknown) => void,
): EmulatorCore {
  const { clock, rates, deliverWebhook } = options;
  const changes = new Changes();
  const store = toldStore(options.store, changes.tell);
  const hub = new ToldStreamHub(clock, changes.tell);
  const signingKey = crypto.keyFromSeed(options.signingSeed);
  const delivery = new WebhookDelivery({
    store,
    hub,
    clock,
    deliverWebhook,
    tokenOf: (intentId, intent) => webhookToken(intentId, intent, signingKey),
    onError,
  });
  const users = new WalletUsers(options.walletSeed);
  const services = sequencerServices({
    store,
    hub,
    clock,
    delivery,
    rules: options,
    webhookUrls: options,
    isRelationship: (account, domain) => users.isRelationship(account, domain),
    onError,
  });
  const wallet = new Wallet(services, users, { store, hub, clock, delivery, rates });
  const watched: Watched = {
    dump: () => store.dump(),
    hasStream: (intentId) => hub.has(intentId),
    now: () => clock.now(),
    clockRunning: () => !clock.frozen,
  };
  const watches = new IntentWatches(watched, changes);
  const webhookPublicKey = toBase58(signingKey.publicKey);
  const controls: Controls = {
    ...watched,
    wallet,
    webhookPublicKey,
    watch: (request, signal) => watches.watch(request, signal),
    async load(states) {
      delivery.reset();
      hub.reset();
      wallet.reset();
      await store.load(states);
      await delivery.resume();
    },
    async advance(ms) {
      await clock.advance(ms);
      return clock.now();
    },
  };
  return {
    services,
    wallet,
    controls,
    webhookPublicKey,
    routes: (authorize) => (router) => {
      sequencerRoutes(services)(router);
      controlRoutes(controls, authorize)(router);
    },
    resume: () => delivery.resume(),
    stop() {
      watches.close();
      delivery.stop();
      hub.close();
      if (options.ownsClock) clock.stop();
    },
  };
}
