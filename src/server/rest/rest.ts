/** REST v1: the calls as JSON, with the checks, texts and simplified errors of the real sequencer. */
import { Code, ConnectError } from "@connectrpc/connect";
import type { SequencerServices } from "../calls/services.js";
import type { PortRequest, PortResponse } from "../port/http-guard.js";
import { BodyFailure, readBody } from "../port/request-body.js";
import type { WebhookUrlRules } from "../rules/webhook-url.js";
import { type JsonResponse, RestFailure, type RestRequest } from "./call.js";
import { createIntent, getStatus } from "./payment.js";
import { getUserId } from "./user-id.js";

/** Handles the REST calls. Every other path is 404. */
export function restHandler(
  services: SequencerServices,
  webhookUrls: WebhookUrlRules,
  onError: (error: unknown) => void,
): (req: PortRequest, res: PortResponse) => Promise<void> {
  const routes: Readonly<Record<string, (request: RestRequest) => Promise<JsonResponse>>> = {
    "/v1/createIntent": (request) => createIntent(request, services, webhookUrls),
    "/v1/getStatus": (request) => getStatus(request, services),
    "/v1/getUserId": (request) => getUserId(request, services),
  };
  return async (req, res) => {
    try {
      const { pathname, query } = targetOf(req.url ?? "/");
      const route = Object.hasOwn(routes, pathname) ? routes[pathname] : undefined;
      if (route === undefined) throw new RestFailure(404, "not found");
      sendJson(res, await route({ method: req.method ?? "", query, readBody: () => readBody(req) }));
    } catch (error) {
      // The client is gone.
      if (res.destroyed) return;
      const failure = failureOf(error);
      // The services have already reported their own failures.
      if (failure.status === 500 && !(error instanceof ConnectError)) onError(error);
      sendJson(res, { status: failure.status, body: { success: false, error: failure.message } });
    }
  };
}

/**
 * Splits the target of a request. A path can begin with two slashes, which do not start a host here. The
 * query stays as written: nothing is a fragment.
 */
function targetOf(url: string): { readonly pathname: string; readonly query: string } {
  const [written = "", query = ""] = url.split(/\?(.*)/s);
  const absolute = written.startsWith("/") ? `http://sequencer${written}` : written;
  if (!URL.canParse(absolute)) throw new RestFailure(404, "not found");
  return { pathname: new URL(absolute).pathname, query };
}

function failureOf(error: unknown): RestFailure {
  if (error instanceof RestFailure) return error;
  if (error instanceof BodyFailure) return new RestFailure(error.status, error.message);
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
    case Code.ResourceExhausted:
      // Only this sequencer has limits of the state, so the text must name them.
      return new RestFailure(500, `rpc error: code = ResourceExhausted desc = ${error.rawMessage}`);
    default:
      return new RestFailure(500, "internal server error");
  }
}

function sendJson(res: PortResponse, { status, body }: JsonResponse): void {
  if (res.headersSent || res.destroyed) return;
  const sorted = Object.fromEntries(Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1)));
  // Escaped like Go's encoder does, so that the response is safe inside HTML.
  const text = JSON.stringify(sorted).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  res.statusCode = status;
  res.setHeader("content-type", "application/json");
  res.setHeader("content-length", Buffer.byteLength(text));
  res.end(text);
}
