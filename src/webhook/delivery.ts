import type { WebhookErrorCode } from "../errors.js";
import { InputError } from "../errors.js";
import { checkOptions } from "../lib/options.js";
import type { LoginClaims, PaymentClaims } from "./claims.js";
import { WebhookError } from "./errors.js";
import type { WebhookClaims, WebhookExpect } from "./expectation.js";
import type { Incoming } from "./incoming.js";
import { checkStore, type OnceOutcome, type OnceStore, onceOnly } from "./once.js";
import { createReceiver, type Received, type VerifyWebhookOptions, verifyOptionNames } from "./receiver.js";

/** Where a handler writes what a developer should know. `console` fits. It never receives a secret. */
export interface WebhookLogger {
  /** One line, without a line break at its end. */
  warn(message: string): void;
}

/** What a handler knows beside the claims. */
export interface WebhookContext {
  /** The path token of the request, checked; `undefined` without the option `pathToken`. */
  readonly pathToken: string | undefined;
}

/** How a handler acts on a verified webhook: through a store, or by a function that counts by itself. */
export type WebhookFulfilment<Claims> =
  | {
      /**
       * Releases the goods; awaited. Called once per intent through `store`. A login-only webhook names no intent, so
       * for it this runs at every delivery.
       */
      readonly fulfil: (claims: Claims, context: WebhookContext) => unknown;
      /** Remembers what is fulfilled; in production one that all your processes share. */
      readonly store: OnceStore;
      /** As `onceOnly`. Default 60,000. */
      readonly leaseMs?: number | undefined;
      readonly fulfilOnce?: undefined;
    }
  | {
      /** Releases the goods once, typically in one transaction of your database, and says what became of it. */
      readonly fulfilOnce: (claims: Claims, context: WebhookContext) => OnceOutcome | Promise<OnceOutcome>;
      readonly fulfil?: undefined;
      readonly store?: undefined;
      readonly leaseMs?: undefined;
    };

/** Options of the webhook handlers. */
export type WebhookHandlerOptions<Expect extends WebhookExpect> = VerifyWebhookOptions<Expect> &
  WebhookFulfilment<WebhookClaims<Expect>> & {
    /** Default `console`. One line for each webhook that is refused or fails. */
    readonly logger?: WebhookLogger | undefined;
    /** Gets what was thrown wherever the answer is 500; for your error tracker. */
    readonly onError?: ((error: unknown) => unknown) | undefined;
  };

/** What a handler answers. The body is a word that gives nothing away. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Verifies and fulfils one delivery. Never rejects. */
export type Deliver = (incoming: Incoming) => Promise<Answer>;

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
};

const answers: Readonly<Record<OnceOutcome, Answer>> = {
  fulfilled: { status: 200, body: "ok" },
  already: { status: 200, body: "ok" },
  busy: { status: 409, body: "busy" },
};
const failed: Answer = { status: 500, body: "failed" };

/**
 * Reads a handler's options and returns what it does for each delivery.
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

  return async (incoming) => {
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
      const line = `code-intents webhook: fulfilling ${nameOf(received.claims)} failed with ${kindOf(error)} (onError gets the error itself)`;
      log(`${line}; answered 500`, { error });
      return failed;
    }
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
        "counts by itself; drop fulfil, store and leaseMs",
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

/** Writes a line, and for a failure tells the error tracker. */
type Log = (message: string, failure?: Failure) => void;

function refuse(error: unknown, log: Log): Answer {
  if (!(error instanceof WebhookError)) {
    log(`code-intents webhook: verifying failed with ${describe(error)}; answered 500`, { error });
    return failed;
  }
  const status = statuses[error.code];
  const line = `code-intents webhook: answered ${status}, ${error.code}: ${error.message}`;
  log(line, status === 500 ? { error } : undefined);
  return status === 500 ? failed : { status, body: "refused" };
}

function logOf(logger: WebhookLogger = console, onError: ((error: unknown) => unknown) | undefined): Log {
  return (message, failure) => {
    quietly(() => logger.warn(message));
    if (failure !== undefined) quietly(() => onError?.(failure.error));
  };
}

/** Neither a logger nor an error tracker that fails may change what the sequencer is answered. */
function quietly(act: () => unknown): void {
  try {
    Promise.resolve(act()).catch(() => {});
  } catch {
    // Nowhere left to tell it.
  }
}

function nameOf(claims: PaymentClaims | LoginClaims): string {
  return claims.kind === "payment" ? `intent ${claims.intent}` : "a login";
}

// Our own messages hold no secret; what a database or a mailer says might.
function describe(error: unknown): string {
  return error instanceof InputError ? `${error.code}: ${error.message}` : kindOf(error);
}

function kindOf(error: unknown): string {
  return error instanceof Error ? error.name : `a thrown ${typeof error}`;
}
