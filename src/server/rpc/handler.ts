/** Connect, gRPC and gRPC-Web on one port. */
import {
  Code,
  ConnectError,
  type ConnectRouter,
  type ContextValues,
  createConnectRouter,
} from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerResponse } from "@connectrpc/connect/protocol";
import {
  compressionBrotli,
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { PortRequest, PortResponse } from "../port/http-guard.js";
import { MAX_REQUEST_BYTES } from "../port/request-body.js";
import { type Decompress, type FrameRules, mapFrames, mapWhole } from "./frames.js";
import { isGrpc, refuseEncoding, refuseMethod, refuseTimeout } from "./grpc.js";
import { hasGoOrder, incoming, outgoing } from "./message-bytes.js";

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

const compressions = [compressionGzip, compressionBrotli];

/**
 * Creates the handler of calls. Every binary message passes through {@link incoming} before the library
 * decodes it, and through {@link outgoing} after the library has encoded it. Requests can be compressed,
 * except over gRPC, where the original rejects them. Responses are never compressed.
 */
export function rpcHandler(options: RpcOptions): (req: PortRequest, res: PortResponse) => void {
  const { routes, contextValues, fallback, onError } = options;
  const router = createConnectRouter({
    acceptCompression: compressions,
    // The fields of a compressed response could not be put in order.
    compressMinBytes: Number.MAX_SAFE_INTEGER,
    readMaxBytes: MAX_GRPC_BYTES,
  });
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
    if (isGrpc(contentType)) {
      const { "grpc-timeout": timeout, "grpc-encoding": encoding } = req.headers;
      if (refuseTimeout(res, text(timeout)) || refuseEncoding(res, text(encoding))) return void req.resume();
    }
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
  const { header } = request;
  const contentType = header.get("content-type") ?? "";
  // Go's runtime ignores parameters of the type; the library refuses them.
  if (/^application\/grpc;/i.test(contentType)) header.set("content-type", "application/grpc");
  const format = formatOf(contentType);
  if (format !== undefined)
    request.body = readable(request.body as AsyncIterable<Uint8Array>, format, header, handler.method);
  const response = await handler(request);
  await universalResponseToNodeResponse(inGoOrder(response, handler.method.output), res);
}

/** How a body holds its messages. */
interface BodyFormat {
  readonly protocol: "connect" | "grpc" | "grpc-web";
  /** Whether it consists of frames; otherwise it is one message. */
  readonly isFramed: boolean;
  /** Whether its messages are binary; otherwise they are JSON. */
  readonly isBinary: boolean;
}

/** Returns the format of a body, or `undefined` for a content type that the library rejects. */
function formatOf(contentType: string): BodyFormat | undefined {
  const type = /^application\/(?:(grpc|grpc-web|connect)(?:\+(proto|json))?|(proto|json))(?:;|$)/;
  const [match, framed, framedCodec, codec] = type.exec(contentType.toLowerCase()) ?? [];
  if (match === undefined) return undefined;
  return {
    protocol: (framed ?? "connect") as BodyFormat["protocol"],
    isFramed: framed !== undefined,
    isBinary: (framedCodec ?? codec) !== "json",
  };
}

type Method = UniversalHandler["method"];

/**
 * Returns a request's body in a form that the library decodes as the original does: decompressed, and with
 * every message read by {@link incoming}.
 */
function readable(
  body: AsyncIterable<Uint8Array>,
  format: BodyFormat,
  header: Headers,
  { input, methodKind }: Method,
): AsyncIterable<Uint8Array> {
  const rules = format.protocol === "grpc" ? grpcRules : otherRules;
  const decompress = decompressOf(format, header, rules.maxBytes);
  const map = format.isBinary ? (message: Uint8Array) => incoming(input, message) : undefined;
  if (format.isFramed) return mapFrames(body, rules, methodKind, { map, decompress });
  // The library compares it with the length of the body, which can change.
  header.delete("content-length");
  return mapWhole(body, rules.maxBytes, { map, decompress });
}

/**
 * Returns how to decompress the messages of a request, and removes the header that names the compression. The
 * library rejects an unknown one.
 */
function decompressOf(
  { protocol, isFramed }: BodyFormat,
  header: Headers,
  maxBytes: number,
): Decompress | undefined {
  const ofFrames = protocol === "connect" ? "connect-content-encoding" : "grpc-encoding";
  const name = isFramed ? ofFrames : "content-encoding";
  const compression = compressions.find((candidate) => candidate.name === header.get(name));
  if (compression === undefined) return undefined;
  header.delete(name);
  return (message) => compression.decompress(message as Uint8Array<ArrayBuffer>, maxBytes);
}

/** Returns a response with the fields of its messages in the order of the original. */
function inGoOrder(response: UniversalServerResponse, output: Method["output"]): UniversalServerResponse {
  const { body } = response;
  if (!hasGoOrder(output)) return response;
  const format = formatOf(response.header?.get("content-type") ?? "");
  if (body === undefined || format === undefined || !format.isBinary) return response;
  const map = (message: Uint8Array) => outgoing(output, message);
  return {
    ...response,
    body: format.isFramed
      ? mapFrames(body, responseRules, "bidi_streaming", { map })
      : mapWhole(body, responseRules.maxBytes, { map }),
  };
}

function text(header: string | string[] | undefined): string | undefined {
  return typeof header === "string" ? header : header?.join(",");
}
