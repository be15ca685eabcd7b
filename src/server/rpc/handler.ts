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
import { type Frame, type FrameRules, joinFrame, limited, splitFrames } from "./frames.js";
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
  if (framing === "frames") {
    request.body = mapFrames(splitFrames(body, rules, readsMany), (data) => incoming(input, data));
  } else {
    request.body = limited(body, rules.maxBytes);
    if (framing === "message") request.body = mapWhole(request.body, (data) => incoming(input, data));
  }
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
        ? mapWhole(body, reorder)
        : mapFrames(splitFrames(body, { maxBytes: Number.POSITIVE_INFINITY, likeGo: false }, true), reorder),
  };
}

/** Returns how a body holds its messages: as binary frames, as one binary message, or as text. */
function framingOf(contentType: string): "frames" | "message" | "text" {
  if (/^application\/(?:grpc|grpc-web|connect)(?:\+proto)?(?:;|$)/i.test(contentType)) return "frames";
  return /^application\/proto(?:;|$)/i.test(contentType) ? "message" : "text";
}

/** Maps the messages of frames. Other frames pass: trailers, compressed ones, and what is no frame. */
async function* mapFrames(
  frames: AsyncIterable<Frame | Uint8Array>,
  map: (data: Uint8Array) => Uint8Array,
): AsyncGenerator<Uint8Array> {
  for await (const frame of frames) {
    if (frame instanceof Uint8Array) yield frame;
    else yield joinFrame(frame.flags === 0 ? { flags: 0, data: map(frame.data) } : frame);
  }
}

async function* mapWhole(
  body: AsyncIterable<Uint8Array>,
  map: (data: Uint8Array) => Uint8Array,
): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  yield map(Buffer.concat(chunks));
}

function text(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" ? header : header?.join(",");
}
