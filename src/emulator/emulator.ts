import { createRouterTransport, type Transport } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { guardRequest, type PortRequest, type PortResponse } from "./http-guard.js";
import { type CheckedEmulatorOptions, checkEmulatorOptions, type EmulatorOptions } from "./options.js";
import { type PortServer, startPortServer } from "./port-server.js";
import { MAX_REQUEST_BYTES, restHandler } from "./rest.js";
import { type SequencerServices, sequencerRoutes, sequencerServices } from "./services.js";

/**
 * A Code Sequencer of one's own: for tests, development and demonstrations.
 *
 * It enforces the real sequencer's rules for requests, in their order and with their texts and codes. It moves no
 * money, looks at no chain, and takes any 32 bytes for a valid external account.
 *
 * @example
 * ```ts
 * await using emulator = await Emulator.start();
 * const code = new CodeClient({ baseUrl: emulator.url }); // or { transport: emulator.transport }
 * ```
 */
export class Emulator {
  /** Where it listens, such as `http://127.0.0.1:40123`: Connect, gRPC, gRPC-Web and REST on this one port. */
  readonly url: string;
  /** The TCP port. */
  readonly port: number;
  /** The same sequencer in memory, without a socket: an option of `CodeClient`, or of any Connect client. */
  readonly transport: Transport;

  readonly #server: PortServer;
  readonly #options: CheckedEmulatorOptions;
  #closing: Promise<void> | undefined;

  private constructor(options: CheckedEmulatorOptions, server: PortServer, transport: Transport) {
    this.#options = options;
    this.#server = server;
    this.port = server.port;
    this.url = `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${server.port}`;
    this.transport = transport;
  }

  /**
   * Starts an emulator and waits until it listens.
   *
   * @throws InputError for options that cannot be used
   * @throws the system's error where the port cannot be had, such as `EADDRINUSE`
   */
  static async start(options: EmulatorOptions = {}): Promise<Emulator> {
    const checked = checkEmulatorOptions(options);
    const services = servicesOf(checked);
    const server = await listen(checked, services);
    return new Emulator(checked, server, createRouterTransport(sequencerRoutes(services)));
  }

  /** Stops listening, lets running calls finish for up to a second, and releases every socket. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** As {@link Emulator.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    await this.#server.close();
    if (this.#options.ownsStore) await this.#options.store.close();
  }
}

function servicesOf(options: CheckedEmulatorOptions): SequencerServices {
  return sequencerServices({
    store: options.store,
    rules: options,
    webhookUrls: options,
    onError: errorLog(options),
  });
}

function errorLog({ logger }: CheckedEmulatorOptions): (error: unknown) => void {
  return (error) => logger.error("code-intents emulator:", error);
}

async function listen(options: CheckedEmulatorOptions, services: SequencerServices): Promise<PortServer> {
  const onError = errorLog(options);
  const rest = restHandler(services, options, onError);
  const handler = connectNodeAdapter({
    routes: sequencerRoutes(services),
    readMaxBytes: MAX_REQUEST_BYTES,
    fallback: (req, res) => void rest(req as PortRequest, res as PortResponse).catch(onError),
  });
  const { host, port, allowedHosts, allowedOrigins } = options;
  const server: PortServer = await startPortServer({
    host,
    port,
    handler: (req, res) => {
      if (guardRequest(req, res, { bound: { host, port: server.port }, allowedHosts, allowedOrigins }))
        handler(req, res);
    },
    onHandlerError: onError,
  });
  return server;
}
