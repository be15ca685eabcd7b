/** The envelope over HTTP: one POST, one call, one answer. */
import { Code, ConnectError } from "@connectrpc/connect";
import { type PortRequest, type PortResponse, sendError } from "../port/http-guard.js";
import { BodyFailure, readBody } from "../port/request-body.js";
import { EnvelopeFailure, errorResponse, failureOf, okResponse, parseRequest } from "./envelope.js";
import type { EnvelopeMethods } from "./methods.js";
import { RequestQueue } from "./queue.js";

/** Whether a request target is `/v1/api`, in any of its spellings. */
export function isEnvelopePath(url: string | undefined): boolean {
  return /^(https?:\/\/[^/?]*)?\/v1\/api\/?(\?|$)/.test(url ?? "");
}

/**
 * Answers calls in an envelope, whatever their content type. A call that streams is ended after its first reply, and
 * every call where its client leaves.
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
      // Nobody is left to be told.
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
  const left = new AbortController();
  res.once("close", () => left.abort());
  // Not ended before there is an answer: a call both ways would take that for a client that is about to leave.
  const requests = new RequestQueue();
  requests.push(method.parse(request.body), request.body.length);
  try {
    for await (const reply of method.call(requests, left.signal)) return reply;
    throw new EnvelopeFailure(500, "No response received from gRPC service");
  } finally {
    requests.end();
  }
}

function tooLarge({ status, message }: BodyFailure): EnvelopeFailure {
  return new EnvelopeFailure(status, new ConnectError(message, Code.ResourceExhausted).message);
}
