/// <reference lib="esnext.disposable" preserve="true" />
import type { Transport } from "@connectrpc/connect";
import { type RunningServer, type ServerExtension, startServer } from "../server/server.js";
import { readState, writeState } from "../server/store/state-text.js";
import type { MovableClock } from "./clock.js";
import { foreignPageKey, isFromForeignPage, remoteAddressKey } from "./control/access.js";
import { type EmulatorCore, emulatorCore } from "./core.js";
import { type CheckedEmulatorOptions, checkEmulatorOptions, type EmulatorOptions } from "./options.js";
import { isPageRequest, pageHandler } from "./page/page.js";
import type { Wallet } from "./wallet/wallet.js";

/**
 * A Code Sequencer of one's own: for tests, development and demonstrations.
 *
 * It enforces the real sequencer's rules, in their order and with their texts and codes, keeps its streams, plays the payer
 * and delivers webhooks. It moves no money, looks at no chain, and takes any 32 bytes for a valid external account.
 *
 * @example
 * ```ts
 * await using emulator = await Emulator.start();
 * const code = new CodeClient({ baseUrl: emulator.url }); // or { transport: emulator.transport }
 * const intent = await code.paymentIntents.create({ destination, amount: "2.50", currency: "usd" });
 * await emulator.wallet.scan(intent);
 * await emulator.wallet.pay(intent);
 * ```
 */
export class Emulator {
  /**
   * Where it listens, such as `http://127.0.0.1:40123`: Connect, gRPC, gRPC-Web, REST and the envelope on this one port, and
   * in a browser the page that shows the intents and plays the payer.
   * `ws:` in place of `http:` is the envelope's WebSocket, on any path.
   */
  readonly url: string;
  /** The TCP port. */
  readonly port: number;
  /** The same sequencer in memory, without a socket: an option of `CodeClient`, or of any Connect client. */
  readonly transport: Transport;
  /** The payer: scans, pays, declines, leaves. */
  readonly wallet: Wallet;
  /** The clock that every duration runs on. */
  readonly clock: MovableClock;
  /** Base58 of the Ed25519 key that webhooks are signed with: the `publicKey` of `verifyWebhook`. */
  readonly webhookPublicKey: string;

  readonly #server: RunningServer;
  readonly #core: EmulatorCore;
  #closing: Promise<void> | undefined;

  private constructor(options: CheckedEmulatorOptions, core: EmulatorCore, server: RunningServer) {
    this.#core = core;
    this.#server = server;
    this.port = server.port;
    this.url = server.url;
    this.transport = server.transport;
    this.wallet = core.wallet;
    this.clock = options.clock;
    this.webhookPublicKey = core.server.webhookPublicKey;
  }

  /**
   * Starts an emulator and waits until it listens.
   *
   * @throws InputError for options that cannot be used
   * @throws the system's error where the port cannot be had, such as `EADDRINUSE`
   */
  static async start(options: EmulatorOptions = {}): Promise<Emulator> {
    const checked = checkEmulatorOptions(options);
    const core = emulatorCore(checked);
    try {
      return new Emulator(checked, core, await startServer(core.server, checked, extension(checked, core)));
    } catch (error) {
      core.stop();
      throw error;
    }
  }

  /** Forgets everything: requests, messages, intents and webhooks. Ends every stream. */
  reset(): Promise<void> {
    return this.#core.controls.load(new Map());
  }

  /** The whole state as text, for {@link Emulator.importState}. */
  async exportState(): Promise<string> {
    return writeState(await this.#core.controls.dump());
  }

  /**
   * Replaces the whole state with one that was exported.
   *
   * @throws InputError `invalid_option` for anything else
   */
  async importState(state: string): Promise<void> {
    await this.#core.controls.load(readState(state));
  }

  /**
   * Stops listening, closes every WebSocket, lets other calls that are running finish for up to a second, and releases every
   * socket and timer. Idempotent.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** As {@link Emulator.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    const closed = this.#server.close();
    this.#core.stop();
    await closed;
  }
}

/** What the emulator serves on the sequencer's port in addition: wallet, control services and page. */
function extension(options: CheckedEmulatorOptions, core: EmulatorCore): ServerExtension {
  const page = pageHandler(options.controlToken !== undefined, core.server.onError);
  return {
    routes: core.routes,
    addContext(values, req) {
      values.set(remoteAddressKey, req.socket.remoteAddress ?? "unknown");
      values.set(foreignPageKey, isFromForeignPage(req));
    },
    handlerOf: (req) => (isPageRequest(req) ? page : undefined),
  };
}
