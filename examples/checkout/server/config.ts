import type { Fee } from "code-intents";

/** How the shop is run. */
export interface ShopConfig {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Where the sequencer reaches this server, without a path. Default: where it listens. */
  readonly publicUrl: string | undefined;
  readonly sequencerUrl: string;
  /** Where browsers reach the sequencer, if that is elsewhere. */
  readonly browserSequencerUrl: string;
  /** Key that webhooks are signed with, base58. */
  readonly webhookPublicKey: string;
  /** At least 32 random bytes. Kept for good: under another secret the same order is another intent. */
  readonly idempotencySecret: string;
  readonly destination: string;
  readonly fees: readonly Fee[];
  /** Path of the SQLite file. */
  readonly database: string;
  readonly payWithinMs: number;
  readonly reconcileEveryMs: number;
  readonly ordersPerMinute: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the configuration of production.
 *
 * @throws Error naming what is missing
 */
export function configFromEnvironment(env: Environment): ShopConfig {
  const sequencerUrl = required(env, "CODE_SEQUENCER_URL", "the sequencer's URL");
  const feeAccount = env.CODE_FEE_ACCOUNT;
  return {
    ...commonConfig(env),
    sequencerUrl,
    browserSequencerUrl: env.CODE_SEQUENCER_BROWSER_URL ?? sequencerUrl,
    webhookPublicKey: required(
      env,
      "CODE_WEBHOOK_PUBLIC_KEY",
      "the key that the sequencer signs webhooks with",
    ),
    idempotencySecret: required(env, "CODE_IDEMPOTENCY_SECRET", "at least 32 random bytes, kept for good"),
    destination: required(env, "CODE_DESTINATION", "the token account that is paid, base58"),
    fees:
      feeAccount === undefined
        ? []
        : [{ destination: feeAccount, basisPoints: wholeNumber(env, "CODE_FEE_BASIS_POINTS", 100) }],
  };
}

/** What the demo takes from its environment too. */
export function commonConfig(env: Environment) {
  return {
    host: env.HOST ?? "127.0.0.1",
    port: wholeNumber(env, "PORT", 4180),
    publicUrl: env.PUBLIC_URL?.replace(/\/+$/, ""),
    database: env.DATABASE ?? "data/orders.db",
    payWithinMs: 1_000 * wholeNumber(env, "PAY_WITHIN_SECONDS", 600),
    reconcileEveryMs: 1_000 * wholeNumber(env, "RECONCILE_SECONDS", 60),
    ordersPerMinute: wholeNumber(env, "ORDERS_PER_MINUTE", 20),
  };
}

export function wholeNumber(env: Environment, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} must be a whole number, and is "${text}".`);
  return Number(text);
}

function required(env: Environment, name: string, what: string): string {
  const value = env[name];
  if (value === undefined || value === "") throw new Error(`${name} is required: ${what}.`);
  return value;
}
