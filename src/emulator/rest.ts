/** REST v1: the two payment calls as JSON, with the real sequencer's checks, texts and flattening of errors. */
import { create, fromBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  RequestToReceiveBillSchema,
  SendMessageRequestSchema,
  SendMessageResponse_Result,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  GetStatusRequestSchema,
  RegisterWebhookRequestSchema,
  RegisterWebhookResponse_Result,
} from "../../gen/code/micropayment/v1/micro_payment_service_pb.js";
import { fromBase58 } from "../lib/bytes.js";
import type { PortRequest, PortResponse } from "./http-guard.js";
import { type WebhookUrlRules, webhookUrlProblem } from "./rules/webhook-url.js";
import type { SequencerServices } from "./services.js";

/** Most bytes in the body of a request. */
export const MAX_REQUEST_BYTES: number = 1024 * 1024;

interface JsonAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

type Route = (request: {
  method: string;
  query: URLSearchParams;
  readBody: () => Promise<string>;
}) => Promise<JsonAnswer>;

/** A refusal that is answered as it is. */
class RestFailure extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

/** Answers the REST calls; everything else is 404. */
export function restHandler(
  services: SequencerServices,
  webhookUrls: WebhookUrlRules,
  onError: (error: unknown) => void,
): (req: PortRequest, res: PortResponse) => Promise<void> {
  const routes: Readonly<Record<string, Route>> = {
    "/v1/createIntent": (request) => createIntent(request, services, webhookUrls),
    "/v1/getStatus": (request) => getStatus(request, services),
  };
  return async (req, res) => {
    try {
      const { pathname, searchParams } = targetOf(req.url ?? "/");
      const route = Object.hasOwn(routes, pathname) ? routes[pathname] : undefined;
      if (route === undefined) throw new RestFailure(404, "not found");
      const readBody = () => readText(req);
      sendJson(res, await route({ method: req.method ?? "", query: searchParams, readBody }));
    } catch (error) {
      // Nobody is left to be told.
      if (res.destroyed) return;
      const failure = failureOf(error);
      // The services have told of their own failures already.
      if (failure.status === 500 && !(error instanceof ConnectError)) onError(error);
      sendJson(res, { status: failure.status, body: { success: false, error: failure.message } });
    }
  };
}

async function createIntent(
  { method, readBody }: Parameters<Route>[0],
  services: SequencerServices,
  webhookUrls: WebhookUrlRules,
): Promise<JsonAnswer> {
  if (method !== "POST") throw new RestFailure(400, "http post expected");
  const { webhook, ...body } = parseBody(await readBody());
  const rendezvous = base58Of(body.intent, 32, "intent is not a public key");
  const signature = base58Of(body.signature, 64, "signature is invalid");
  const value = decodeRequest(body.message);
  if (webhook !== undefined) {
    const problem = await webhookUrlProblem(webhook, webhookUrls, true);
    if (problem !== undefined) throw new RestFailure(400, problem);
  }
  const { result } = await services.sendMessage(
    create(SendMessageRequestSchema, {
      message: { kind: { case: "requestToReceiveBill", value } },
      rendezvousKey: { value: rendezvous },
      signature: { value: signature },
    }),
  );
  if (result !== SendMessageResponse_Result.OK) throw new RestFailure(500, "internal server error");
  if (webhook !== undefined) await registerWebhook(rendezvous, webhook, services);
  return { status: 200, body: { success: true } };
}

/** A result that is none of these is a 500, although the request is on record by now; so it is in the original. */
async function registerWebhook(
  rendezvous: Uint8Array,
  url: string,
  services: SequencerServices,
): Promise<void> {
  const { result } = await services.registerWebhook(
    create(RegisterWebhookRequestSchema, { intentId: { value: rendezvous }, url }),
  );
  if (
    result !== RegisterWebhookResponse_Result.OK &&
    result !== RegisterWebhookResponse_Result.ALREADY_REGISTERED
  ) {
    throw new RestFailure(500, "internal server error");
  }
}

async function getStatus(
  { method, query }: Parameters<Route>[0],
  services: SequencerServices,
): Promise<JsonAnswer> {
  if (method !== "GET") throw new RestFailure(400, "http get expected");
  const intent = query.get("intent");
  if (intent === null || intent === "") throw new RestFailure(400, "intent query parameter missing");
  const value = base58Of(intent, 32, "intent id is not a public key");
  const { exists, intentSubmitted } = await services.getStatus(
    create(GetStatusRequestSchema, { intentId: { value } }),
  );
  const status = intentSubmitted ? "SUBMITTED" : exists ? "PENDING" : "UNKNOWN";
  return { status: 200, body: { success: true, status } };
}

/** Path and query of a request. A path may begin with two slashes, which is no host here. */
function targetOf(url: string): URL {
  const absolute = url.startsWith("/") ? `http://emulator${url}` : url;
  if (!URL.canParse(absolute)) throw new RestFailure(404, "not found");
  return new URL(absolute);
}

function failureOf(error: unknown): RestFailure {
  if (error instanceof RestFailure) return error;
  if (!(error instanceof ConnectError)) return new RestFailure(500, "internal server error");
  switch (error.code) {
    case Code.InvalidArgument:
      return new RestFailure(400, `rpc error: code = InvalidArgument desc = ${error.rawMessage}`);
    case Code.Unauthenticated:
      return new RestFailure(401, "authentication failed");
    case Code.PermissionDenied:
      return new RestFailure(403, "permission denied");
    case Code.Canceled:
    case Code.DeadlineExceeded:
      return new RestFailure(408, "request timed out");
    default:
      return new RestFailure(500, "internal server error");
  }
}

interface CreateIntentBody {
  readonly intent: string;
  readonly message: string;
  readonly signature: string;
  readonly webhook: string | undefined;
}

/** Reads a body. As in Go, names are matched without regard to case, and types come before any other check. */
function parseBody(text: string): CreateIntentBody {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RestFailure(400, text.trim() === "" ? "EOF" : `invalid JSON: ${(error as Error).message}`);
  }
  if (typeof value !== "object" || Array.isArray(value))
    throw new RestFailure(400, "json: cannot unmarshal into an object");
  const fields = new Map(Object.entries(value ?? {}).map(([name, field]) => [name.toLowerCase(), field]));
  // Go leaves a string empty where JSON has null or nothing.
  return {
    intent: stringField(fields, "intent") ?? "",
    message: stringField(fields, "message") ?? "",
    signature: stringField(fields, "signature") ?? "",
    webhook: stringField(fields, "webhook"),
  };
}

function stringField(fields: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const value = fields.get(name) ?? undefined;
  if (value !== undefined && typeof value !== "string")
    throw new RestFailure(400, `json: cannot unmarshal into field ${name} of type string`);
  return value;
}

function base58Of(text: string, length: number, refusal: string): Uint8Array {
  const bytes = fromBase58(text);
  if (bytes?.length !== length) throw new RestFailure(400, refusal);
  return bytes;
}

function decodeRequest(text: string) {
  // Go's decoder passes over line breaks, and takes no padding.
  const encoded = text.replace(/[\r\n]/g, "");
  if (!/^[A-Za-z0-9_-]*$/.test(encoded) || encoded.length % 4 === 1) {
    throw new RestFailure(400, "message not valid base64");
  }
  try {
    return fromBinary(RequestToReceiveBillSchema, new Uint8Array(Buffer.from(encoded, "base64url")));
  } catch {
    throw new RestFailure(400, "message bytes is not a RequestToReceiveBill");
  }
}

function readText(req: PortRequest): Promise<string> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let length = 0;
    // Whatever is too much is read to its end and dropped: who writes first and reads then would not see the answer,
    // and the connection could not be used again.
    req.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MAX_REQUEST_BYTES) return chunks.push(chunk);
      chunks = [];
      return reject(new RestFailure(413, `request body is larger than ${MAX_REQUEST_BYTES} bytes`));
    });
    req.once("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    req.once("error", reject);
    // A client that is gone; nobody reads the answer.
    req.once("close", () => reject(new RestFailure(408, "request timed out")));
  });
}

function sendJson(res: PortResponse, { status, body }: JsonAnswer): void {
  if (res.headersSent || res.destroyed) return;
  const sorted = Object.fromEntries(Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1)));
  // As Go's encoder does it, so that the answer is safe inside HTML.
  const text = JSON.stringify(sorted).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  res.statusCode = status;
  res.setHeader("content-type", "application/json");
  res.setHeader("content-length", Buffer.byteLength(text));
  res.end(text);
}
