import type { ConnectRouter } from "@connectrpc/connect";
import { type ServerCore, serverCore } from "../server/core.js";
import { errorLog } from "../server/error-log.js";
import { controlAuthorization } from "./control/access.js";
import { Changes, ObservedStreamHub, observedStore } from "./control/changes.js";
import { type Controls, controlRoutes } from "./control/control.js";
import { IntentWatches, type WatchSource } from "./control/watch.js";
import type { CheckedEmulatorOptions } from "./options.js";
import { WalletUsers } from "./wallet/users.js";
import { Wallet } from "./wallet/wallet.js";

/** An emulator without its port. */
export interface EmulatorCore {
  readonly server: ServerCore;
  readonly wallet: Wallet;
  readonly controls: Controls;
  /** Registers the wallet and control services. */
  readonly routes: (router: ConnectRouter) => void;
  /** Ends every watch, and stops the clock unless the caller provided it. Stop the server core first. */
  stop(): void;
}

/** Assembles a sequencer whose changes are observed, its wallet and its control services. */
export function emulatorCore(options: CheckedEmulatorOptions): EmulatorCore {
  const { clock, rates } = options;
  const changes = new Changes();
  const users = new WalletUsers(options.walletSeed);
  const server = serverCore(options, {
    clock,
    store: observedStore(options.store, changes.notify),
    hub: new ObservedStreamHub(changes.notify),
    isRelationshipAccount: (account, domain) => users.isRelationship(account, domain),
    onError: errorLog(options, "code-intents emulator:"),
  });
  const { store, hub, delivery, services, report, webhookPublicKey } = server;
  const wallet = new Wallet(services, users, { store, hub, clock, delivery, rates, report });
  const source: WatchSource = {
    dump: () => store.dump(),
    hasStream: (intentId) => hub.has(intentId),
    now: () => clock.now(),
    clockRunning: () => !clock.frozen,
  };
  const watches = new IntentWatches(source, changes);
  const controls: Controls = {
    ...source,
    wallet,
    webhookPublicKey,
    watchIntents: (request, signal) => watches.watch(request, signal),
    load(states) {
      wallet.reset();
      return server.load(states);
    },
    resendWebhook: (intentId) => delivery.resend(intentId),
    async advance(ms) {
      await clock.advance(ms);
      return clock.now();
    },
  };
  return {
    server,
    wallet,
    controls,
    routes: controlRoutes(controls, controlAuthorization(options.controlToken)),
    stop() {
      watches.close();
      if (options.ownsClock) clock.stop();
    },
  };
}
