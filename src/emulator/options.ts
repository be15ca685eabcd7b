import { SEED_LENGTH } from "../crypto/types.js";
import { InputError } from "../errors.js";
import { checkOptions } from "../lib/options.js";
import { type LimitsTable, SEQUENCER_LIMITS } from "../server/limits.js";
import { fetchWellKnown, resolveHost } from "../server/outbound.js";
import type { FetchWellKnown } from "../server/rules/domain.js";
import type { RatesTable } from "../server/rules/payment.js";
import type { ResolveHost } from "../server/rules/webhook-url.js";
import { memoryStore } from "../server/store/memory.js";
import type { Store } from "../server/store/store.js";
import type { DeliverWebhook } from "../server/webhook/delivery.js";
import { webhookSender } from "../server/webhook/sender.js";
import { MovableClock } from "./clock.js";
import { DEFAULT_RATES } from "./rates.js";

/** Options of {@link Emulator.start}. */
export interface EmulatorOptions {
  /** TCP port; 0 takes a free one. Default 0. */
  readonly port?: number | undefined;
  /** Address to listen on. Default `"127.0.0.1"`. Beyond loopback, name the hosts in `allowedHosts`. */
  readonly host?: string | undefined;
  /** Host names that requests may name beside loopback and the address itself. Default: none. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Origins whose pages may call, or `"*"`. Default: loopback origins. */
  readonly allowedOrigins?: readonly string[] | "*" | undefined;
  /** Replaces the table of smallest and largest amounts. Default: {@link SEQUENCER_LIMITS}, 0.05 to 5 usd. */
  readonly limits?: LimitsTable | undefined;
  /** Largest sum of the fees of one request, in basis points. Default 5000. */
  readonly maxFeeBasisPoints?: number | undefined;
  /** Where the state lives. Default: in memory. A store that is given stays the caller's to close. */
  readonly store?: Store | undefined;
  /** The clock that every duration runs on; it stays the caller's. Default: one that runs with the system's. */
  readonly clock?: MovableClock | undefined;
  /** Worth of one kin in each currency. Default: {@link DEFAULT_RATES}. */
  readonly rates?: RatesTable | undefined;
  /** Seed of the key that signs webhooks, 32 bytes. Default: random at each start. */
  readonly signingSeed?: Uint8Array | undefined;
  /**
   * Seed of the keys by which domains know the wallet's users, 32 bytes: the same seed, the same user ids. Default: random at
   * each start.
   */
  readonly walletSeed?: Uint8Array | undefined;
  /** Sends one webhook request. Default: over the network; beyond loopback never to private addresses. */
  readonly deliverWebhook?: DeliverWebhook | undefined;
  /**
   * Opens wallet and control services to whoever sends `Authorization: Bearer <token>`, and to nobody else. At least 16
   * characters. Default: none, and they answer on loopback only.
   */
  readonly controlToken?: string | undefined;
  /** Resolves the host of a webhook URL; rejects where it does not resolve. Default: the system's resolver. */
  readonly resolveHost?: ResolveHost | undefined;
  /** Fetches a domain's well-known file. Default: over https, with limits, from public addresses only. */
  readonly fetchWellKnown?: FetchWellKnown | undefined;
  /** Whether webhooks may use plain http, loopback hosts and ports. Default: when listening on loopback. */
  readonly allowLocalWebhooks?: boolean | undefined;
  /**
   * Forgets the signature of GetLoginForThirdPartyApp, as the real sequencer does: whoever knows an intent's id and its
   * verifier's public key learns who logged in. Default `false`.
   */
  readonly lenient?: boolean | undefined;
  /** Whether an account is a temporary incoming account of a wallet, which may grab bills. Default: none is. */
  readonly isTemporaryIncomingAccount?: ((account: string) => boolean | Promise<boolean>) | undefined;
  /** Told of failures inside the emulator, which callers see as Internal without words. Default: `console`. */
  readonly logger?:
    | {
        /** As `console.error`. */
        error(...data: unknown[]): void;
      }
    | undefined;
}

/** {@link EmulatorOptions} with every default in place. */
export type CheckedEmulatorOptions = {
  readonly [K in Exclude<keyof EmulatorOptions, OptionalAtRuntime>]-?: Exclude<EmulatorOptions[K], undefined>;
} & Pick<EmulatorOptions, OptionalAtRuntime> & { readonly ownsStore: boolean; readonly ownsClock: boolean };

type OptionalAtRuntime = "allowedHosts" | "allowedOrigins" | "controlToken";

const optionNames: readonly (keyof EmulatorOptions)[] = [
  "port",
  "host",
  "allowedHosts",
  "allowedOrigins",
  "limits",
  "maxFeeBasisPoints",
  "store",
  "clock",
  "rates",
  "signingSeed",
  "walletSeed",
  "deliverWebhook",
  "controlToken",
  "resolveHost",
  "fetchWellKnown",
  "allowLocalWebhooks",
  "lenient",
  "isTemporaryIncomingAccount",
  "logger",
];

/** Checks the options of an emulator. */
export function checkEmulatorOptions(options: EmulatorOptions): CheckedEmulatorOptions {
  checkOptions(options, "", optionNames);
  const given = options as EmulatorOptions;
  const host = given.host ?? "127.0.0.1";
  if (typeof host !== "string" || host === "")
    throw new InputError("invalid_option", "host", "must be an address or a name");
  checkTypes(given);
  const allowLocalWebhooks = given.allowLocalWebhooks ?? isLoopback(host);
  return {
    port: wholeNumber(given.port ?? 0, "port", 65_535),
    host,
    allowedHosts: given.allowedHosts,
    allowedOrigins: given.allowedOrigins,
    limits: checkLimits(given.limits ?? SEQUENCER_LIMITS),
    maxFeeBasisPoints: wholeNumber(given.maxFeeBasisPoints ?? 5000, "maxFeeBasisPoints", 10_000),
    store: given.store ?? memoryStore(),
    ownsStore: given.store === undefined,
    ownsClock: given.clock === undefined,
    clock: given.clock ?? new MovableClock(),
    rates: given.rates ?? DEFAULT_RATES,
    signingSeed: given.signingSeed?.slice() ?? randomSeed(),
    walletSeed: given.walletSeed?.slice() ?? randomSeed(),
    deliverWebhook: given.deliverWebhook ?? webhookSender(allowLocalWebhooks),
    controlToken: given.controlToken,
    resolveHost: given.resolveHost ?? resolveHost,
    fetchWellKnown: given.fetchWellKnown ?? fetchWellKnown,
    allowLocalWebhooks,
    lenient: given.lenient ?? false,
    isTemporaryIncomingAccount: given.isTemporaryIncomingAccount ?? (() => false),
    logger: given.logger ?? console,
  };
}

function checkTypes(options: EmulatorOptions): void {
  const { allowedHosts, allowedOrigins, store, logger } = options;
  const check = (valid: boolean, field: keyof EmulatorOptions, what: string) => {
    if (!valid) throw new InputError("invalid_option", field, `must be ${what}`);
  };
  const { clock, rates, controlToken } = options;
  check(clock === undefined || clock instanceof MovableClock, "clock", "a MovableClock");
  check(
    rates === undefined || (typeof rates === "object" && rates !== null),
    "rates",
    "an object of rates by currency",
  );
  for (const field of ["signingSeed", "walletSeed"] as const) {
    const seed = options[field];
    const valid = seed === undefined || (seed instanceof Uint8Array && seed.length === SEED_LENGTH);
    check(valid, field, `a Uint8Array of ${SEED_LENGTH} bytes`);
  }
  check(
    controlToken === undefined || (typeof controlToken === "string" && controlToken.length >= 16),
    "controlToken",
    "text of at least 16 characters",
  );
  for (const field of [
    "deliverWebhook",
    "resolveHost",
    "fetchWellKnown",
    "isTemporaryIncomingAccount",
  ] as const) {
    check(["undefined", "function"].includes(typeof options[field]), field, "a function");
  }
  check(allowedHosts === undefined || isTextList(allowedHosts), "allowedHosts", "a list of host names");
  check(
    allowedOrigins === undefined || allowedOrigins === "*" || isTextList(allowedOrigins),
    "allowedOrigins",
    'a list of origins or "*"',
  );
  for (const field of ["allowLocalWebhooks", "lenient"] as const) {
    check(["undefined", "boolean"].includes(typeof options[field]), field, "true or false");
  }
  check(store === undefined || typeof store?.transaction === "function", "store", "a store");
  check(logger === undefined || typeof logger?.error === "function", "logger", "an object with error()");
}

function randomSeed(): Uint8Array {
  return globalThis.crypto.getRandomValues(new Uint8Array(SEED_LENGTH));
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}

function checkLimits(limits: unknown): LimitsTable {
  if (typeof limits !== "object" || limits === null || Array.isArray(limits)) {
    throw new InputError("invalid_option", "limits", "must be an object of { min, max } by currency code");
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
  throw new InputError("invalid_option", field, `must be a whole number from 0 to ${max}`);
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
