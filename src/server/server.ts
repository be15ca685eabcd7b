import {
  type ConnectRouter,
  type ContextValues,
  createContextValues,
  createRouterTransport,
  type Transport,
} from "@connectrpc/connect";
import { sequencerRoutes } from "./calls/services.js";
import type { ServerCore } from "./core.js";
import { envelopeHandler, isEnvelopePath } from "./envelope/http.js";
import { EnvelopeMethods } from "./envelope/methods.js";
import { WebSockets } from "./envelope/websocket.js";
import type { CheckedServerOptions } from "./options.js";
import {
  type GuardOptions,
  type GuardRefusal,
  guardRequest,
  type PortRequest,
  type PortResponse,
} from "./port/http-guard.js";
import { type PortServer, startPortServer } from "./port/port-server.js";
import { sendRefusal } from "./refusal.js";
import { restHandler } from "./rest/rest.js";
import { rpcHandler } from "./rpc/handler.js";

/** Handles one HTTP request. */
export type HttpHandler = (req: PortRequest, res: PortResponse) => Promise<void>;

/** Additional routes and handlers of a host on the sequencer's port. */
export interface ServerExtension {
  /**
   * Registers more services for Connect, gRPC, gRPC-Web and the in-memory transport. The envelope does not
   * serve them.
   */
  readonly routes?: (router: ConnectRouter) => void;
  /** Adds details of the HTTP request to the context of a call. */
  readonly addContext?: (values: ContextValues, req: PortRequest) => void;
  /** Returns the handler of an HTTP request that is not an RPC. `undefined` leaves the request to REST. */
  readonly handlerOf?: (req: PortRequest) => HttpHandler | undefined;
}

/** A listening sequencer. */
export interface RunningServer {
  /** Base URL, such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** The TCP port. */
  readonly port: number;
  /** The same services in memory, without a socket. */
  readonly transport: Transport;
  /**
   * Stops the core, stops listening and closes every WebSocket. Other running calls have up to one second to
   * finish. Then releases every socket and timer. Idempotent.
   */
  close(): Promise<void>;
}

/**
 * Serves a core over every protocol on one port, and resumes the delivery of its webhooks.
 *
 * @throws the system's error if the port is not available, such as `EADDRINUSE`
 */
export async function startServer(
  core: ServerCore,
  options: CheckedServerOptions,
  extension: ServerExtension = {},
): Promise<RunningServer> {
  const ownRoutes = sequencerRoutes(core.services);
  const routes = (router: ConnectRouter) => {
    ownRoutes(router);
    extension.routes?.(router);
  };
  const methods = new EnvelopeMethods(ownRoutes);
  const sockets = new WebSockets(methods, core.onError);
  const handler = requestHandler(core, options, extension, routes, methods);
  const { host, port, allowedHosts, allowedOrigins } = options;
  const guard = (): GuardOptions => ({ bound: { host, port: server.port }, allowedHosts, allowedOrigins });
  const server: PortServer = await startPortServer({
    host,
    port,
    handler: (req, res) => {
      const refuse = (refusal: GuardRefusal, headers: Readonly<Record<string, string>>) =>
        sendRefusal(req, res, refusal, headers);
      if (guardRequest(req, res, guard(), refuse)) handler(req, res);
    },
    onUpgrade: (req, socket, head) => sockets.upgrade(req, socket, head, guard()),
    onHandlerError: core.onError,
  });
  let closing: Promise<void> | undefined;
  const close = async () => {
    core.stop();
    sockets.close();
    await server.close();
    if (options.ownsStore) await options.store.close();
  };
  const running: RunningServer = {
    port: server.port,
    url: `http://${reachableHost(options.host)}:${server.port}`,
    transport: createRouterTransport(routes),
    close() {
      closing ??= close();
      return closing;
    },
  };
  try {
    await core.resume();
  } catch (error) {
    await running.close();
    throw error;
  }
  return running;
}

/** Handles the requests of every protocol except the envelope's WebSockets. */
function requestHandler(
  { services, onError }: ServerCore,
  options: CheckedServerOptions,
  { addContext, handlerOf }: ServerExtension,
  routes: (router: ConnectRouter) => void,
  methods: EnvelopeMethods,
): (req: PortRequest, res: PortResponse) => void {
  const envelope = envelopeHandler(methods, onError);
  const rest = restHandler(services, options, onError);
  return rpcHandler({
    routes,
    contextValues: (req) => {
      const values = createContextValues();
      addContext?.(values, req);
      return values;
    },
    fallback: (req, res) => {
      const handle = isEnvelopePath(req.url) ? envelope : (handlerOf?.(req) ?? rest);
      void handle(req, res).catch(onError);
    },
    onError,
  });
}

/** Returns the host to connect to: loopback if the server listens on all addresses. */
function reachableHost(host: string): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "[::1]";
  return host.includes(":") ? `[${host}]` : host;
}
