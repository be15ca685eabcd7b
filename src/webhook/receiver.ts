import { InputError } from "../errors.js";
import { checkDuration } from "../lib/options.js";
import { readClaims } from "./claims.js";
import { WebhookError } from "./errors.js";
import { expectationCheck, type WebhookClaims, type WebhookExpect } from "./expectation.js";
import { checkMethod, type Incoming, readToken, tokenText } from "./incoming.js";
import { equalSecrets, readWebhookPathToken, requirePathToken } from "./path-token.js";
import { signatureCheck } from "./signature.js";

/** Options of everything that verifies a webhook. */
export interface VerifyWebhookOptions<Expect extends WebhookExpect = WebhookExpect> {
  /**
   * The sequencer's Ed25519 key: base58 of 32 bytes, or the 32 bytes. `PRODUCTION_WEBHOOK_PUBLIC_KEY` for production.
   * Required: there is no default to trust by accident.
   */
  readonly publicKey: string | Uint8Array;
  /**
   * What the webhook must be for: a `PaymentIntent` or an order, a lookup by intent id, `{ kind: "login" }`, or
   * `"unbound"` to compare nothing. Required: a valid webhook of another order is the likely fraud.
   */
  readonly expect: Expect;
  /**
   * The last segment that the request's path must have: the token of `createWebhookUrl`, or a function that says
   * whether a segment is a token that you gave out. Needs a request. Default: the path is not looked at.
   */
  readonly pathToken?: string | ((token: string) => boolean | Promise<boolean>) | undefined;
  /** Most bytes of a body, up to 1 MiB. Default 16,384; a webhook has about 600. */
  readonly maxBytes?: number | undefined;
  /** Milliseconds that a body may take to arrive. Default 3,000, as long as the sequencer waits for its answer. */
  readonly timeoutMs?: number | undefined;
}

/** Names of the options, for checks against typing errors. */
export const verifyOptionNames: readonly string[] = [
  "publicKey",
  "expect",
  "pathToken",
  "maxBytes",
  "timeoutMs",
];

/** A verified webhook, and the path token that its request had, where one was asked for. */
export interface Received<Expect extends WebhookExpect> {
  readonly claims: WebhookClaims<Expect>;
  readonly pathToken: string | undefined;
}

/** Verifies webhooks under one set of options. */
export interface Receiver<Expect extends WebhookExpect> {
  receive(incoming: Incoming): Promise<Received<Expect>>;
  verify(token: string | Uint8Array): Promise<WebhookClaims<Expect>>;
}

const defaultMaxBytes = 16 * 1024;
const largestMaxBytes = 1024 * 1024;
const defaultTimeoutMs = 3_000;

/**
 * Reads the options once, so that a mistake in them shows at the start of a server and not at its first webhook.
 *
 * @throws InputError naming the field
 */
export function createReceiver<Expect extends WebhookExpect>(
  options: VerifyWebhookOptions<Expect>,
): Receiver<Expect> {
  const signature = signatureCheck(options.publicKey);
  const checkExpectation = expectationCheck(options.expect);
  const pathToken = checkPathTokenOption(options.pathToken);
  const limits = {
    maxBytes: checkMaxBytes(options.maxBytes),
    timeoutMs: checkDuration(options.timeoutMs ?? defaultTimeoutMs, "timeoutMs"),
  };

  async function verify(token: string | Uint8Array): Promise<WebhookClaims<Expect>> {
    const claims = readClaims(await signature.verify(tokenText(token, limits)));
    return (await checkExpectation(claims)) as WebhookClaims<Expect>;
  }

  return {
    verify,
    async receive(incoming) {
      checkMethod(incoming);
      const foundToken = pathToken === undefined ? undefined : await checkPath(incoming.url, pathToken);
      return { claims: await verify(await readToken(incoming, limits)), pathToken: foundToken };
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
  throw new InputError("invalid_option", "maxBytes", `must be a whole number, 1 to ${largestMaxBytes}`);
}

type PathTokenCheck = (token: string) => boolean | Promise<boolean>;

function checkPathTokenOption(option: unknown): PathTokenCheck | undefined {
  if (option === undefined) return undefined;
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
