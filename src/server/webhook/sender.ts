import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { isPrivate, publicLookup } from "../outbound.js";
import type { IsLocalHost } from "../rules/webhook-url.js";
import type { DeliverWebhook, WebhookRequest } from "./delivery.js";

// The limit of Go's client.
const MAX_REDIRECTS = 10;

/**
 * Sends webhooks over the network like the real sequencer's client: 301, 302 and 303 turn the call into a GET
 * without a body; 307 and 308 repeat it. Connects to private addresses only for local hosts, also after a
 * redirect.
 */
export function webhookSender(isLocalHost: IsLocalHost): DeliverWebhook {
  return async (request) => {
    let target = new URL(request.url);
    let body: string | undefined = request.body;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const { status, location } = await sendOnce(target, body, request, isLocalHost);
      if (location === undefined) return { status };
      target = new URL(location, target);
      if (target.protocol !== "https:" && target.protocol !== "http:")
        throw new Error("redirected away from http");
      if (status <= 303) body = undefined;
    }
    throw new Error(`stopped after ${MAX_REDIRECTS} redirects`);
  };
}

function sendOnce(
  url: URL,
  body: string | undefined,
  { headers, signal }: WebhookRequest,
  isLocalHost: IsLocalHost,
): Promise<{ status: number; location: string | undefined }> {
  return new Promise((resolve, reject) => {
    const address = url.hostname.replace(/^\[|\]$/g, "");
    const isLocal = isLocalHost(address);
    if (!isLocal && isIP(address) !== 0 && isPrivate(address)) throw new Error("the address is private");
    const sent = body === undefined ? {} : { ...headers, "content-length": String(Buffer.byteLength(body)) };
    const options = {
      method: body === undefined ? "GET" : "POST",
      headers: sent,
      agent: false,
      signal,
      ...(isLocal ? {} : { lookup: publicLookup }),
    };
    const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, options, (response) => {
      const status = response.statusCode ?? 0;
      const { location } = response.headers;
      // The body is irrelevant and can be endless.
      response.destroy();
      resolve({ status, location: [301, 302, 303, 307, 308].includes(status) ? location : undefined });
    });
    request.on("error", reject);
    request.end(body);
  });
}
