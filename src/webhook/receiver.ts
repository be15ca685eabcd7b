import { InputError } from "../errors.js";
import { checkDuration } from "../lib/options.js";
import { readClaims } from "./claims.js";
import { WebhookError } from "./errors.js";
import { expectationCheck, type WebhookClaims, type WebhookExpect } from "./expectation.js";
import { checkMethod, type Incoming, readToken, tokenText } from "./incoming.js";
import { equalSecrets, readWebhookPathToken, requirePathToken } from "./path-token.js";
import type { ServerKind } from "./raw-body.js";
import { signatureCheck } from "./signature.js";

/** Options for every function that verifies a webhook. */
export interface VerifyWebhookOptions<Expect extends WebhookExpect = WebhookExpect> {
  /**
   * The sequencer's Ed25519 public key: base58 of 32 bytes, or the 32 bytes. Use
   * `PRODUCTION_WEBHOOK_PUBLIC_KEY` for production. Required, so that no key is trusted by accident.
   */
  readonly publicKey: string | Uint8Array;
  /**
   * The order that the webhook must be for: a `PaymentIntent` or an order, a lookup by intent id,
   * `{ kind: "login" }`, or `"unbound"` to compare nothing. Required, because the likely fraud is a valid
   * webhook of another order.
   */
  readonly expect: Expect;
  /**
   * The required last segment of the request's path: the token of `createWebhookUrl`, or a function that
   * returns whether a segment is a token that you issued. Requires a request. Omit it to leave the path
   * unchecked; `undefined` throws `missing_option`.
   */
  readonly pathToken?: string | ((token: string) => boolean | Promise<boolean>);
  /** Maximum size of a body in bytes, up to 1 MiB. Default: 16,384. A webhook has about 600 bytes. */
  readonly maxBytes?: number | undefined;
  /**
   * Maximum time for a body to arrive, in milliseconds. Default: 3,000, the sequencer's own response timeout.
   */
  readonly timeoutMs?: number | undefined;
}

/** Names of the options, for detecting misspelled ones. */
export const verifyOptionNames: readonly string[] = [
  "publicKey",
  "expect",
  "pathToken",
  "maxBytes",
  "timeoutMs",
];

/** A verified webhook, and the path token of its request if the options require one. */
export interface Received<Expect extends WebhookExpect> {
  readonly claims: WebhookClaims<Expect>;
  readonly pathToken: string | undefined;
}

/** Verifies webhooks with one set of options. */
export interface Receiver<Expect extends WebhookExpect> {
  receive(incoming: Incoming): Promise<Received<Expect>>;
  verify(token: string | Uint8Array): Promise<WebhookClaims<Expect>>;
}

const defaultMaxBytes = 16 * 1024;
const largestMaxBytes = 1024 * 1024;
const defaultTimeoutMs = 3_000;

/**
 * Validates the options once, so that a mistake throws when the server starts and not at its first webhook.
 *
 * @throws InputError naming the field
 */
export function createReceiver<Expect extends WebhookExpect>(
  options: VerifyWebhookOptions<Expect>,
): Receiver<Expect> {
  const signature = signatureCheck(options.publicKey);
  const checkExpectation = expectationCheck(options.expect);
  const pathToken = checkPathTokenOption(options);
  const limits = {
    maxBytes: checkMaxBytes(options.maxBytes),
    timeoutMs: checkDuration(options.timeoutMs ?? defaultTimeoutMs, "timeoutMs"),
  };

  async function verify(token: string | Uint8Array, server?: ServerKind): Promise<WebhookClaims<Expect>> {
    const claims = readClaims(await signature.verify(tokenText(token, limits), server));
    return (await checkExpectation(claims)) as WebhookClaims<Expect>;
  }

  return {
    verify,
    async receive(incoming) {
      checkMethod(incoming);
      const foundToken = pathToken === undefined ? undefined : await checkPath(incoming.url, pathToken);
      const token = await readToken(incoming, limits);
      return { claims: await verify(token, incoming.server), pathToken: foundToken };
    },
  };
}

function checkMaxBytes(maxBytes: unknown): number {
  if (maxBytes === undefined) return defaultMaxBytes;
  if (
    typeof maxBytes === "number" &&
    Number.isInteger(maxBytes) &&
    maxBytes >= 1 &&
    maxBytes <= largestMaxBytes
  ) {
    return maxBytes;
  }
  throw new InputError("invalid_option", "maxBytes", `must be an integer from 1 to ${largestMaxBytes}`);
}

type PathTokenCheck = (token: string) => boolean | Promise<boolean>;

function checkPathTokenOption(options: { readonly pathToken?: unknown }): PathTokenCheck | undefined {
  // A token that is not there would be any path.
  if (!Object.hasOwn(options, "pathToken")) return undefined;
  const option = options.pathToken;
  if (typeof option === "function") return option as PathTokenCheck;
  const expected = requirePathToken(option, "pathToken");
  return (token) => equalSecrets(token, expected);
}

async function checkPath(url: string, isKnown: PathTokenCheck): Promise<string> {
  const token = readWebhookPathToken(url);
  if (token !== "" && (await isKnown(token)) === true) return token;
  throw new WebhookError("webhook_wrong_path", {
    message: "The last segment of the request's path is not the expected token",
  });
}
