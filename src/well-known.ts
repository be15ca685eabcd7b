import { InputError } from "./errors.js";
import { readVerifier, type VerifierKey } from "./intents/signer.js";

/**
 * Path of the file in which a domain lists its verifiers. The sequencer fetches it over https from the base
 * domain.
 */
export const WELL_KNOWN_PATH = "/.well-known/code-payments.json";

/**
 * A key of the domain: any key that can sign as a verifier, or its public key in base58. Only the public key
 * is used.
 */
export type ListedVerifier = VerifierKey;

/**
 * Returns the well-known file of a domain: JSON that lists the public keys of its verifiers. Base58 text of
 * 32 bytes is published as it is, so never pass a bare seed in that form.
 *
 * @throws InputError if there is no key, or a key cannot be read; errors never contain any part of a key
 * @example
 * ```ts
 * const text = wellKnownFile(["2KW2XRd9kwqet15Aha2oK3tYvd3nWbTFH1MBiRAv1BE1"]);
 * // {"public_keys":["2KW2XRd9kwqet15Aha2oK3tYvd3nWbTFH1MBiRAv1BE1"]}
 * ```
 */
export function wellKnownFile(verifiers: readonly ListedVerifier[]): string {
  if (verifiers === undefined || verifiers === null || verifiers.length === 0)
    throw new InputError("missing_option", "verifiers", "required: a list of at least one verifier");
  if (!Array.isArray(verifiers)) throw new InputError("invalid_option", "verifiers", "must be a list");
  const keys = verifiers.map(
    (verifier, index) => readVerifier(verifier, `verifiers[${index}]`).publicKeyText,
  );
  return JSON.stringify({ public_keys: [...new Set(keys)] });
}

/**
 * Serves the well-known file in Fetch-style servers: Hono, Next, Workers, Deno, Bun.
 *
 * @returns a handler that responds to `GET` and `HEAD` of {@link WELL_KNOWN_PATH} and returns `undefined` for
 * every other request
 * @throws as {@link wellKnownFile}
 * @example
 * ```ts
 * const wellKnown = wellKnownHandler(["2KW2XRd9kwqet15Aha2oK3tYvd3nWbTFH1MBiRAv1BE1"]);
 * export default {
 *   fetch: (request: Request) => wellKnown(request) ?? new Response("not found", { status: 404 }),
 * };
 * ```
 */
export function wellKnownHandler(
  verifiers: readonly ListedVerifier[],
): (request: { readonly method: string; readonly url: string }) => Response | undefined {
  const text = wellKnownFile(verifiers);
  return ({ method, url }) => {
    if (new URL(url).pathname !== WELL_KNOWN_PATH || !isReading(method)) return undefined;
    return new Response(method === "HEAD" ? null : text, { headers });
  };
}

/** The part of a Node or Express request that is used. */
export interface WellKnownRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
}

/** The part of a Node or Express response that is used. */
export interface WellKnownResponse {
  /** Called once, before `end`. */
  writeHead(status: number, headers: Record<string, string>): unknown;
  /** Sends the response; without a body for HEAD. */
  end(body?: string): unknown;
}

/**
 * Serves the well-known file in Express, Connect and `node:http` servers.
 *
 * @returns middleware that responds to `GET` and `HEAD` of {@link WELL_KNOWN_PATH} and passes every other
 * request on
 * @throws as {@link wellKnownFile}
 * @example
 * ```ts
 * app.use(wellKnownMiddleware(["2KW2XRd9kwqet15Aha2oK3tYvd3nWbTFH1MBiRAv1BE1"]));
 * ```
 */
export function wellKnownMiddleware(
  verifiers: readonly ListedVerifier[],
): (req: WellKnownRequest, res: WellKnownResponse, next: () => void) => void {
  const text = wellKnownFile(verifiers);
  return ({ method = "", url = "" }, res, next) => {
    if (url.replace(/\?.*$/, "") !== WELL_KNOWN_PATH || !isReading(method)) return next();
    res.writeHead(200, { ...headers, "content-length": String(text.length) });
    res.end(method === "HEAD" ? undefined : text);
  };
}

// A short lifetime removes a withdrawn key soon. The file is public, so any origin can read it.
const headers: Readonly<Record<string, string>> = {
  "content-type": "application/json",
  "cache-control": "public, max-age=300",
  "access-control-allow-origin": "*",
};

function isReading(method: string): boolean {
  return method === "GET" || method === "HEAD";
}
