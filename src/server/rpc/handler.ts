/** Connect, gRPC and gRPC-Web on one port. */
import {
  Code,
  ConnectError,
  type ConnectRouter,
  type ContextValues,
  createConnectRouter,
} from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerResponse } from "@connectrpc/connect/protocol";
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from "@connectrpc/connect-node";
import type { PortRequest, PortResponse } from "../port/http-guard.js";
import { MAX_REQUEST_BYTES } from "../port/request-body.js";
import { type FrameRules, mapFrames, mapWhole } from "./frames.js";
import { isGrpc, refuseMethod, refuseTimeout } from "./grpc.js";
import { incoming, outgoing } from "./message-bytes.js";

/** Options of {@link rpcHandler}. */
export interface RpcOptions {
  readonly routes: (router: ConnectRouter) => void;
  readonly contextValues: (req: PortRequest) => ContextValues;
  /** Handles every request that is not a call. */
  readonly fallback: (req: PortRequest, res: PortResponse) => void;
  /** Receives failures outside of the services. */
  readonly onError: (error: unknown) => void;
}

/** Maximum size of a message over gRPC, in bytes: that of Go's runtime. */
const MAX_GRPC_BYTES: number = 4 * 1024 * 1024;

const grpcRules: FrameRules = { maxBytes: MAX_GRPC_BYTES, likeGo: true };
const responseRules: FrameRules = { maxBytes: Number.POSITIVE_INFINITY, likeGo: false };
const otherRules: FrameRules = { maxBytes: MAX_REQUEST_BYTES, likeGo: false };

/**
 * Creates the handler of calls. Every message in binary passes {@link incoming} before the library decodes it,
 * and {@link outgoing} after the library has encoded it. Compression is refused, as by the original.
 */
export function rpcHandler(options: RpcOptions): (req: PortRequest, res: PortResponse) => void {
  const { routes, contextValues, fallback, onError } = options;
  const router = createConnectRouter({ acceptCompression: [], readMaxBytes: MAX_GRPC_BYTES });
  routes(router);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
  const services = new Set(router.handlers.map(({ service }) => service.typeName));
  return (req, res) => {
    const [path = ""] = (req.url ?? "").split("?", 1);
    const contentType = req.headers["content-type"];
    const handler = handlers.get(path);
    if (handler === undefined) {
      if (!isGrpc(contentType)) return fallback(req, res);
      req.resume();
      return refuseMethod(res, path, services);
    }
    if (isGrpc(contentType) && refuseTimeout(res, text(req.headers["grpc-timeout"])))
      return void req.resume();
    void serve(handler, req, res, contextValues(req)).catch((error: unknown) => {
      if (ConnectError.from(error).code !== Code.Aborted) onError(error);
    });
  };
}

async function serve(
  handler: UniversalHandler,
  req: PortRequest,
  res: PortResponse,
  contextValues: ContextValues,
): Promise<void> {
  const request = universalRequestFromNodeRequest(req, res, undefined, contextValues);
  const { input, output, methodKind } = handler.method;
  const contentType = request.header.get("content-type") ?? "";
  // Go's runtime ignores parameters of the type; the library refuses them.
  if (/^application\/grpc;/i.test(contentType)) request.header.set("content-type", "application/grpc");
  const body = request.body as AsyncIterable<Uint8Array>;
  const framing = framingOf(contentType);
  const rules = isGrpc(contentType) ? grpcRules : otherRules;
  const readsMany = methodKind === "bidi_streaming" || methodKind === "client_streaming";
  const read = (data: Uint8Array) => incoming(input, data);
  if (framing === "frames") request.body = mapFrames(body, rules, readsMany, read);
  else request.body = mapWhole(body, rules.maxBytes, framing === "message" ? read : (text) => text);
  const response = await handler(request);
  await universalResponseToNodeResponse(withBody(response, output), res);
}

function withBody(
  response: UniversalServerResponse,
  output: UniversalHandler["method"]["output"],
): UniversalServerResponse {
  const { body } = response;
  const framing = framingOf(response.header?.get("content-type") ?? "");
  if (body === undefined || framing === "text") return response;
  const reorder = (data: Uint8Array) => outgoing(output, data);
  return {
    ...response,
    body:
      framing === "message"
        ? mapWhole(body, responseRules.maxBytes, reorder)
        : mapFrames(body, responseRules, true, reorder),
  };
}

/** Returns how a body holds its messages: as binary frames, as one binary message, or as text. */
function framingOf(contentType: string): "frames" | "message" | "text" {
  if (/^application\/(?:grpc|grpc-web|connect)(?:\+proto)?(?:;|$)/i.test(contentType)) return "frames";
  return /^application\/proto(?:;|$)/i.test(contentType) ? "message" : "text";
}

function text(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" ? header : header?.join(",");
}
