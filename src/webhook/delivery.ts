import type { WebhookErrorCode } from "../errors.js";
import { InputError } from "../errors.js";
import { escapeControls } from "../escape-controls.js";
import { checkOptions } from "../lib/options.js";
import type { LoginClaims, PaymentClaims } from "./claims.js";
import { WebhookError } from "./errors.js";
import type { WebhookClaims, WebhookExpect } from "./expectation.js";
import type { Incoming } from "./incoming.js";
import { checkStore, type OnceOutcome, type OnceStore, onceOnly } from "./once.js";
import { createReceiver, type Received, type VerifyWebhookOptions, verifyOptionNames } from "./receiver.js";

/** Receives log lines for the developer. `console` fits. The lines never contain a secret. */
export interface WebhookLogger {
  /** Logs one line, without a trailing line break. */
  warn(message: string): void;
}

/** Details of a delivery in addition to the claims. */
export interface WebhookContext {
  /** The verified path token of the request. `undefined` without the option `pathToken`. */
  readonly pathToken: string | undefined;
}

/**
 * How a handler acts on a verified webhook: through a store, or with a function that fulfils once on its own.
 */
export type WebhookFulfilment<Claims> =
  | {
      /**
       * Fulfils the order. The handler awaits it. With `store`, it runs once per intent. A login-only webhook
       * names no intent, so `fulfil` runs on every delivery of it.
       */
      readonly fulfil: (claims: Claims, context: WebhookContext) => unknown;
      /** Remembers fulfilled intents. In production, use a store that all your processes share. */
      readonly store: OnceStore;
      /** Lease in milliseconds, as in {@link OnceOptions}. Default: 60,000. */
      readonly leaseMs?: number | undefined;
      readonly fulfilOnce?: undefined;
    }
  | {
      /** Fulfils the order once, typically in one database transaction, and returns the outcome. */
      readonly fulfilOnce: (claims: Claims, context: WebhookContext) => OnceOutcome | Promise<OnceOutcome>;
      readonly fulfil?: undefined;
      readonly store?: undefined;
      readonly leaseMs?: undefined;
    };

/** Options of the webhook handlers. */
export type WebhookHandlerOptions<Expect extends WebhookExpect> = VerifyWebhookOptions<Expect> &
  WebhookFulfilment<WebhookClaims<Expect>> & {
    /** Receives one line for each webhook that is rejected or fails. Default: `console`. */
    readonly logger?: WebhookLogger | undefined;
    /** Receives the thrown error when the handler responds with 500. Use it for your error tracker. */
    readonly onError?: ((error: unknown) => unknown) | undefined;
  };

/** The response of a handler. The body is one word and reveals nothing. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/**
 * Verifies and fulfils one delivery, then sends the response with `respond` and returns its result. Never
 * rejects: it logs a response that cannot be sent.
 */
export type Deliver = <Sent>(
  incoming: Incoming,
  respond: (answer: Answer, headers: Readonly<Record<string, string>>) => Sent,
) => Promise<Sent | undefined>;

const optionNames = [...verifyOptionNames, "fulfil", "store", "leaseMs", "fulfilOnce", "logger", "onError"];

const statuses: Readonly<Record<WebhookErrorCode, number>> = {
  webhook_malformed: 400,
  webhook_mismatch: 400,
  webhook_unknown_intent: 400,
  webhook_not_bound: 400,
  webhook_unexpected: 400,
  webhook_algorithm_refused: 401,
  webhook_signature_invalid: 401,
  webhook_wrong_key: 401,
  webhook_wrong_path: 401,
  webhook_wrong_method: 405,
  webhook_timeout: 408,
  webhook_too_large: 413,
  webhook_wrong_content_type: 415,
  webhook_body_unavailable: 500,
  webhook_lease_lost: 500,
};

const answers: Readonly<Record<OnceOutcome, Answer>> = {
  fulfilled: { status: 200, body: "ok" },
  already: { status: 200, body: "ok" },
  busy: { status: 409, body: "busy" },
};
const failed: Answer = { status: 500, body: "failed" };

/**
 * Validates a handler's options and returns the function that handles each delivery.
 *
 * @throws InputError naming the field
 */
export function createDelivery<Expect extends WebhookExpect>(
  options: WebhookHandlerOptions<Expect>,
): Deliver {
  checkOptions(options, "", optionNames);
  const receiver = createReceiver(options);
  const fulfilOnce = fulfilmentOf<Expect>(options);
  const log = logOf(options.logger, options.onError);

  async function answer(incoming: Incoming): Promise<Answer> {
    let received: Received<Expect>;
    try {
      received = await receiver.receive(incoming);
    } catch (error) {
      return refuse(error, log);
    }
    try {
      const outcome = await fulfilOnce(received);
      if (Object.hasOwn(answers, outcome)) return answers[outcome];
      throw new TypeError('fulfilOnce must return "fulfilled", "already" or "busy"');
    } catch (error) {
      const line = `code-intents webhook: failed to fulfil ${nameOf(received.claims)}: ${describe(error)} (onError receives the error)`;
      log(`${line}; responded with 500`, { error });
      return failed;
    }
  }

  return async (incoming, respond) => {
    const answered = await answer(incoming);
    try {
      return respond(answered, headersOf(answered));
    } catch (error) {
      const line = `code-intents webhook: failed to send the response ${answered.status}: ${describe(error)}`;
      log(`${line}. Unless another response was 200, the sequencer delivers again`, { error });
      return undefined;
    }
  };
}

function headersOf({ status }: Answer): Record<string, string> {
  return {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-store",
    ...(status === 405 ? { allow: "POST" } : {}),
  };
}

function fulfilmentOf<Expect extends WebhookExpect>({
  fulfil,
  fulfilOnce,
  store,
  leaseMs,
}: WebhookFulfilment<WebhookClaims<Expect>>): (received: Received<Expect>) => Promise<OnceOutcome> {
  if (fulfilOnce !== undefined) {
    if (typeof fulfilOnce !== "function")
      throw new InputError("invalid_option", "fulfilOnce", "must be a function");
    if (fulfil !== undefined || store !== undefined || leaseMs !== undefined) {
      throw new InputError(
        "conflicting_options",
        "fulfilOnce",
        "cannot be combined with fulfil, store or leaseMs",
      );
    }
    return async ({ claims, pathToken }) => fulfilOnce(claims, { pathToken });
  }
  if (typeof fulfil !== "function") throw new InputError("missing_option", "fulfil", "required: a function");
  checkStore(store);
  const work = ({ claims, pathToken }: Received<Expect>): unknown => fulfil(claims, { pathToken });
  const countedFulfil = onceOnly(store, ({ received }: Counted<Expect>) => work(received), { leaseMs });
  return async (received) => {
    const claims: PaymentClaims | LoginClaims = received.claims;
    if (claims.kind === "payment") return countedFulfil({ intent: claims.intent, received });
    await work(received);
    return "fulfilled";
  };
}

interface Counted<Expect extends WebhookExpect> {
  readonly intent: string;
  readonly received: Received<Expect>;
}

interface Failure {
  readonly error: unknown;
}

/** Logs a line and reports a failure to the error tracker. */
type Log = (message: string, failure?: Failure) => void;

function refuse(error: unknown, log: Log): Answer {
  if (!(error instanceof WebhookError)) {
    log(`code-intents webhook: failed to verify: ${describe(error)}; responded with 500`, { error });
    return failed;
  }
  const status = statuses[error.code];
  const line = `code-intents webhook: responded with ${status}, ${error.code}: ${error.message}`;
  log(line, status === 500 ? { error } : undefined);
  return status === 500 ? failed : { status, body: "refused" };
}

function logOf(logger: WebhookLogger = console, onError: ((error: unknown) => unknown) | undefined): Log {
  return (message, failure) => {
    quietly(() => logger.warn(escapeControls(message)));
    if (failure !== undefined) quietly(() => onError?.(failure.error));
  };
}

/**
 * Runs `act` and ignores its failure. A failing logger or error tracker must not change the response to the
 * sequencer.
 */
function quietly(act: () => unknown): void {
  try {
    Promise.resolve(act()).catch(() => {});
  } catch {
    // The logger itself failed, so there is no place to report it.
  }
}

function nameOf(claims: PaymentClaims | LoginClaims): string {
  return claims.kind === "payment" ? `intent ${claims.intent}` : "a login";
}

// The package's own messages contain no secret. Messages of a database or a mailer can.
function describe(error: unknown): string {
  const own = error instanceof InputError || error instanceof WebhookError;
  return own ? `${error.code}: ${error.message}` : kindOf(error);
}

function kindOf(error: unknown): string {
  return error instanceof Error ? error.name : `a thrown ${typeof error}`;
}
