/// <reference lib="esnext.disposable" preserve="true" />
import { createContextValues, createRouterTransport, type Transport } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { sequencerRoutes } from "../server/calls/services.js";
import { envelopeHandler, isEnvelopePath } from "../server/envelope/http.js";
import { EnvelopeMethods } from "../server/envelope/methods.js";
import { WebSockets } from "../server/envelope/websocket.js";
import {
  type GuardOptions,
  guardRequest,
  type PortRequest,
  type PortResponse,
} from "../server/port/http-guard.js";
import { MAX_REQUEST_BYTES } from "../server/port/request-body.js";
import { type PortServer, startPortServer } from "../server/port/server.js";
import { restHandler } from "../server/rest/rest.js";
import { readState, writeState } from "../server/store/state-text.js";
import type { MovableClock } from "./clock.js";
import {
  controlAuthorization,
  foreignPageKey,
  isFromForeignPage,
  remoteAddressKey,
} from "./control/access.js";
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

  readonly #listener: Listener;
  readonly #core: EmulatorCore;
  readonly #options: CheckedEmulatorOptions;
  #closing: Promise<void> | undefined;

  private constructor(options: CheckedEmulatorOptions, core: EmulatorCore, listener: Listener) {
    this.#options = options;
    this.#core = core;
    this.#listener = listener;
    this.port = listener.server.port;
    this.url = `http://${reachableHost(options.host)}:${this.port}`;
    this.transport = createRouterTransport(core.routes(controlAuthorization(options.controlToken)));
    this.wallet = core.wallet;
    this.clock = options.clock;
    this.webhookPublicKey = core.webhookPublicKey;
  }

  /**
   * Starts an emulator and waits until it listens.
   *
   * @throws InputError for options that cannot be used
   * @throws the system's error where the port cannot be had, such as `EADDRINUSE`
   */
  static async start(options: EmulatorOptions = {}): Promise<Emulator> {
    const checked = checkEmulatorOptions(options);
    const onError = (error: unknown) => checked.logger.error("code-intents emulator:", error);
    const core = emulatorCore(checked, onError);
    const emulator = new Emulator(checked, core, await listen(checked, core, onError));
    try {
      await core.resume();
    } catch (error) {
      await emulator.close();
      throw error;
    }
    return emulator;
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
    this.#core.stop();
    this.#listener.sockets.close();
    await this.#listener.server.close();
    if (this.#options.ownsStore) await this.#options.store.close();
  }
}

/** The host to connect to: where all addresses are listened on, loopback. */
function reachableHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}

/** What answers on the port. */
interface Listener {
  readonly server: PortServer;
  readonly sockets: WebSockets;
}

async function listen(
  options: CheckedEmulatorOptions,
  core: EmulatorCore,
  onError: (error: unknown) => void,
): Promise<Listener> {
  // Of the sequencer's services alone: the emulator's own are not for an envelope.
  const methods = new EnvelopeMethods(sequencerRoutes(core.services));
  const sockets = new WebSockets(methods, onError);
  const envelope = envelopeHandler(methods, onError);
  const rest = restHandler(core.services, options, onError);
  const page = pageHandler(options.controlToken !== undefined, onError);
  const handler = connectNodeAdapter({
    routes: core.routes(controlAuthorization(options.controlToken)),
    readMaxBytes: MAX_REQUEST_BYTES,
    contextValues: (req) =>
      createContextValues()
        .set(remoteAddressKey, req.socket.remoteAddress ?? "unknown")
        .set(foreignPageKey, isFromForeignPage(req as PortRequest)),
    fallback: (req, res) => {
      const handle = isEnvelopePath(req.url) ? envelope : isPageRequest(req) ? page : rest;
      void handle(req as PortRequest, res as PortResponse).catch(onError);
    },
  });
  const { host, port, allowedHosts, allowedOrigins } = options;
  const guard = (): GuardOptions => ({ bound: { host, port: server.port }, allowedHosts, allowedOrigins });
  const server: PortServer = await startPortServer({
    host,
    port,
    handler: (req, res) => {
      if (guardRequest(req, res, guard())) handler(req, res);
    },
    onUpgrade: (req, socket, head) => sockets.upgrade(req, socket, head, guard()),
    onHandlerError: onError,
  });
  return { server, sockets };
}
