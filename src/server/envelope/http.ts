/** The envelope over HTTP: one POST, one call, one response. */
import { Code, ConnectError } from "@connectrpc/connect";
import { type PortRequest, type PortResponse, sendError } from "../port/http-guard.js";
import { BodyFailure, readBody } from "../port/request-body.js";
import { EnvelopeFailure, errorResponse, failureOf, okResponse, parseRequest } from "./envelope.js";
import type { EnvelopeMethods } from "./methods.js";
import { RequestQueue } from "./queue.js";

/** Returns whether a request target is `/v1/api`, in any spelling. */
export function isEnvelopePath(url: string | undefined): boolean {
  return /^(https?:\/\/[^/?]*)?\/v1\/api\/?(\?|$)/.test(url ?? "");
}

/**
 * Handles calls in an envelope, with any content type. A streaming call ends after its first reply. Every
 * call is canceled if its client disconnects.
 */
export function envelopeHandler(
  methods: EnvelopeMethods,
  onError: (error: unknown) => void,
): (req: PortRequest, res: PortResponse) => Promise<void> {
  return async (req, res) => {
    if (req.method !== "POST") return sendError(res, 405, "http post expected", { Allow: "POST" });
    let status = 200;
    let answer: Uint8Array;
    try {
      answer = okResponse(await firstReply(methods, await readBody(req), res));
    } catch (error) {
      // The client is gone.
      if (res.destroyed) return;
      const failure = failureOf(error instanceof BodyFailure ? tooLarge(error) : error, onError);
      status = failure.status;
      answer = errorResponse(failure);
    }
    res.statusCode = status;
    res.setHeader("content-type", "application/octet-stream");
    res.setHeader("content-length", answer.length);
    res.end(answer);
  };
}

async function firstReply(methods: EnvelopeMethods, body: Buffer, res: PortResponse): Promise<Uint8Array> {
  const request = parseRequest(new Uint8Array(body));
  const method = methods.find(request);
  const disconnected = new AbortController();
  res.once("close", () => disconnected.abort());
  // The queue ends only after the reply. A bidirectional call would treat an earlier end as a half-close by
  // the client.
  const requests = new RequestQueue();
  requests.push(method.parse(request.body), request.body.length);
  try {
    for await (const reply of method.call(requests, disconnected.signal)) return reply;
    throw new EnvelopeFailure(500, "No response received from gRPC service");
  } finally {
    requests.end();
  }
}

function tooLarge({ status, message }: BodyFailure): EnvelopeFailure {
  return new EnvelopeFailure(status, new ConnectError(message, Code.ResourceExhausted).message);
}
