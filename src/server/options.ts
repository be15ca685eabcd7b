import { isIP } from "node:net";
import { type LimitsTable, SEQUENCER_LIMITS } from "../contract/limits.js";
import { ALL_BASIS_POINTS, MAX_FEE_SUM } from "../contract/numbers.js";
import { SEED_LENGTH } from "../crypto/types.js";
import { InputError } from "../errors.js";
import { isLoopbackHost } from "../lib/loopback.js";
import type { Activity } from "./activity.js";
import { fetchWellKnown, resolveHost } from "./outbound.js";
import type { FetchWellKnown } from "./rules/domain.js";
import { type IsLocalHost, localHosts, type ResolveHost } from "./rules/webhook-url.js";
import type { StateLimits } from "./store/limits.js";
import { memoryStore } from "./store/memory.js";
import type { Store } from "./store/store.js";
import type { DeliverWebhook } from "./webhook/delivery.js";
import { webhookSender } from "./webhook/sender.js";

/** Options of a sequencer that listens on a port. */
export interface ServerOptions {
  /** TCP port. 0 selects a free port. Default: 0. */
  readonly port?: number | undefined;
  /** Address to listen on. Default: `"127.0.0.1"`. Beyond loopback, list the host names in `allowedHosts`. */
  readonly host?: string | undefined;
  /** Host names that requests can use in addition to loopback and the bound address. Default: none. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Origins whose pages can call, or `"*"` for all. Default: loopback origins. */
  readonly allowedOrigins?: readonly string[] | "*" | undefined;
  /** Minimum and maximum amounts by currency. Default: {@link SEQUENCER_LIMITS}, 0.05 to 5 usd. */
  readonly limits?: LimitsTable | undefined;
  /** Maximum sum of the fees of one request, in basis points. Default: 5000. */
  readonly maxFeeBasisPoints?: number | undefined;
  /** Store for the state. Default: in memory. The caller closes a store that it passes. */
  readonly store?: Store | undefined;
  /**
   * Limits of the default store, in bytes, messages and keys. Another store has its own limits. Default:
   * {@link DEFAULT_STATE_LIMITS}.
   */
  readonly stateLimits?: Partial<StateLimits> | undefined;
  /** Seed of the key that signs webhooks, 32 bytes. Default: random at each start. */
  readonly signingSeed?: Uint8Array | undefined;
  /**
   * Sends one webhook request. Default: over the network. A server that does not listen on loopback never
   * sends to private addresses.
   */
  readonly deliverWebhook?: DeliverWebhook | undefined;
  /**
   * Resolves the host of a webhook URL. Rejects if the host does not resolve. Default: the system's resolver.
   */
  readonly resolveHost?: ResolveHost | undefined;
  /** Fetches a domain's well-known file. Default: over https, with limits, from public addresses only. */
  readonly fetchWellKnown?: FetchWellKnown | undefined;
  /**
   * Which webhooks can use plain http, ports and private addresses: with `true`, those of this machine; with
   * a list of host names, such as `["app"]` between containers, also those of these hosts. Default: `true` if
   * the server listens on loopback.
   */
  readonly allowLocalWebhooks?: boolean | readonly string[] | undefined;
  /**
   * Skips the signature check of GetLoginForThirdPartyApp, as the real sequencer does. Any caller that knows
   * an intent's id and its verifier's public key then learns who logged in. Default: `false`.
   */
  readonly lenient?: boolean | undefined;
  /**
   * Returns whether an account is a temporary incoming account, which can grab bills. Default: always
   * `false`.
   */
  readonly isTemporaryIncomingAccount?: ((account: string) => boolean | Promise<boolean>) | undefined;
  /**
   * Receives each call, payment and attempt of a webhook, such as for a log. Its errors go to the logger.
   * Default: none.
   */
  readonly onActivity?: ((activity: Activity) => void) | undefined;
  /**
   * Receives internal failures, with control characters in their text escaped. Callers receive only Internal,
   * without text. Default: `console`.
   */
  readonly logger?:
    | {
        /** Works like `console.error`. */
        error(...data: unknown[]): void;
      }
    | undefined;
}

type OptionalAtRuntime = "allowedHosts" | "allowedOrigins" | "onActivity";
type ReplacedAtRuntime = "stateLimits" | "allowLocalWebhooks";

/** {@link ServerOptions} with all defaults applied. */
export type CheckedServerOptions = {
  readonly [K in Exclude<keyof ServerOptions, OptionalAtRuntime | ReplacedAtRuntime>]-?: Exclude<
    ServerOptions[K],
    undefined
  >;
} & Pick<ServerOptions, OptionalAtRuntime> & {
    /** Whether the server created the store, and so closes it. */
    readonly ownsStore: boolean;
    readonly isLocalHost: IsLocalHost;
  };

/** Names of the options, for `checkOptions`. */
export const serverOptionNames: readonly (keyof ServerOptions)[] = [
  "port",
  "host",
  "allowedHosts",
  "allowedOrigins",
  "limits",
  "maxFeeBasisPoints",
  "store",
  "stateLimits",
  "signingSeed",
  "deliverWebhook",
  "resolveHost",
  "fetchWellKnown",
  "allowLocalWebhooks",
  "lenient",
  "isTemporaryIncomingAccount",
  "onActivity",
  "logger",
];

/**
 * Checks the options of a server and fills in the defaults. Ignores unknown options, so that a host can add
 * its own. The host checks the names.
 *
 * @throws InputError `invalid_option`
 */
export function checkServerOptions(given: ServerOptions): CheckedServerOptions {
  const host = given.host ?? "127.0.0.1";
  checkOption(typeof host === "string" && host !== "", "host", "an IP address or a host name");
  checkTypes(given);
  const isLocalHost = localHosts(given.allowLocalWebhooks ?? isLoopbackHost(host));
  return {
    port: wholeNumber(given.port ?? 0, "port", 65_535),
    host,
    allowedHosts: given.allowedHosts,
    allowedOrigins: given.allowedOrigins,
    limits: checkLimits(given.limits ?? SEQUENCER_LIMITS),
    maxFeeBasisPoints: wholeNumber(
      given.maxFeeBasisPoints ?? MAX_FEE_SUM,
      "maxFeeBasisPoints",
      ALL_BASIS_POINTS,
    ),
    store: given.store ?? memoryStore(given.stateLimits),
    ownsStore: given.store === undefined,
    signingSeed: given.signingSeed?.slice() ?? randomSeed(),
    deliverWebhook: given.deliverWebhook ?? webhookSender(isLocalHost),
    resolveHost: given.resolveHost ?? resolveHost,
    fetchWellKnown: given.fetchWellKnown ?? fetchWellKnown,
    isLocalHost,
    lenient: given.lenient ?? false,
    isTemporaryIncomingAccount: given.isTemporaryIncomingAccount ?? (() => false),
    onActivity: given.onActivity,
    logger: given.logger ?? console,
  };
}

/**
 * Checks one option.
 *
 * @throws InputError `invalid_option` with "must be `expected`" unless `valid` is true
 */
export function checkOption(valid: boolean, field: string, expected: string): void {
  if (!valid) throw new InputError("invalid_option", field, `must be ${expected}`);
}

/** Checks an option that is the seed of a key. */
export function checkSeed(seed: unknown, field: string): void {
  const valid = seed === undefined || (seed instanceof Uint8Array && seed.length === SEED_LENGTH);
  checkOption(valid, field, `a Uint8Array of ${SEED_LENGTH} bytes`);
}

/** Creates the seed of a key that is used until the process ends. */
export function randomSeed(): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(SEED_LENGTH));
}

function checkTypes(options: ServerOptions): void {
  const { allowedHosts, allowedOrigins, allowLocalWebhooks, store, logger } = options;
  checkSeed(options.signingSeed, "signingSeed");
  for (const field of [
    "deliverWebhook",
    "resolveHost",
    "fetchWellKnown",
    "isTemporaryIncomingAccount",
    "onActivity",
  ] as const) {
    checkOption(["undefined", "function"].includes(typeof options[field]), field, "a function");
  }
  checkOption(
    allowedHosts === undefined || isTextList(allowedHosts),
    "allowedHosts",
    "an array of host names",
  );
  checkOption(
    allowedOrigins === undefined || allowedOrigins === "*" || isTextList(allowedOrigins),
    "allowedOrigins",
    'an array of origins or "*"',
  );
  checkOption(
    ["undefined", "boolean"].includes(typeof allowLocalWebhooks) ||
      (isTextList(allowLocalWebhooks) && allowLocalWebhooks.every(isHostName)),
    "allowLocalWebhooks",
    "true, false or an array of host names without scheme and port",
  );
  checkOption(["undefined", "boolean"].includes(typeof options.lenient), "lenient", "true or false");
  checkOption(
    store === undefined || typeof store?.transaction === "function",
    "store",
    "a store with a transaction() method",
  );
  checkOption(
    store === undefined || options.stateLimits === undefined,
    "stateLimits",
    "absent if store is set; pass the limits to memoryStore()",
  );
  checkOption(
    logger === undefined || typeof logger?.error === "function",
    "logger",
    "an object with an error() method",
  );
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}

function isHostName(text: string): boolean {
  return isIP(text.replace(/^\[|\]$/g, "")) !== 0 || /^[^\s/:?#@[\]]+$/.test(text);
}

function checkLimits(limits: unknown): LimitsTable {
  if (typeof limits !== "object" || limits === null || Array.isArray(limits)) {
    throw new InputError(
      "invalid_option",
      "limits",
      "must be an object that maps currency codes to { min, max }",
    );
  }
  for (const [currency, limit] of Object.entries(limits)) {
    const { min, max } = (limit ?? {}) as { min?: unknown; max?: unknown };
    if (typeof min !== "number" || typeof max !== "number" || !(min >= 0) || !(max >= min)) {
      throw new InputError(
        "invalid_option",
        `limits.${currency}`,
        "must be { min, max } with 0 <= min <= max",
      );
    }
  }
  return limits as LimitsTable;
}

function wholeNumber(value: unknown, field: string, max: number): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new InputError("invalid_option", field, `must be an integer from 0 to ${max}`);
}
