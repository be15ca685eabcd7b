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
 * A self-hosted Code Sequencer for tests, development and demonstrations.
 *
 * It enforces the real sequencer's rules in the same order, with the same texts and codes. It serves the
 * streams, plays the payer and delivers webhooks. It moves no money and reads no chain: any 32 bytes are a
 * valid external account.
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
   * Address of the emulator, such as `http://127.0.0.1:40123`. It serves Connect, gRPC, gRPC-Web, REST and
   * the envelope on this one port. A browser shows a page there that lists the intents and plays the payer.
   * With `ws:` instead of `http:` it is the envelope's WebSocket, on any path.
   */
  readonly url: string;
  /** The TCP port. */
  readonly port: number;
  /**
   * The same sequencer in memory, without a socket. Pass it as `transport` to `CodeClient` or any Connect
   * client.
   */
  readonly transport: Transport;
  /** The payer: scans, pays, logs in, declines, leaves. */
  readonly wallet: Wallet;
  /** The clock for all durations. */
  readonly clock: MovableClock;
  /**
   * Base58 of the Ed25519 public key that verifies its webhooks. Pass it as `publicKey` to `verifyWebhook`.
   */
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
   * Starts an emulator. Resolves when it listens.
   *
   * @throws InputError for an invalid option
   * @throws the system's error, such as `EADDRINUSE`, if the port is not available
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

  /** Deletes all requests, messages, intents and webhooks, and ends every stream. */
  reset(): Promise<void> {
    return this.#core.controls.load(new Map());
  }

  /** Returns the complete state as text, for {@link Emulator.importState}. */
  async exportState(): Promise<string> {
    return writeState(await this.#core.controls.dump());
  }

  /**
   * Replaces the complete state with an exported one, and ends every stream.
   *
   * @throws InputError `invalid_option` if the text is not an exported state
   */
  async importState(state: string): Promise<void> {
    await this.#core.controls.load(readState(state));
  }

  /**
   * Stops listening, closes every WebSocket, gives running calls up to one second to finish, and releases
   * every socket and timer. Idempotent.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Calls {@link Emulator.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    const closed = this.#server.close();
    this.#core.stop();
    await closed;
  }
}

/** The emulator's additions to the sequencer's port: wallet, control services and page. */
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
