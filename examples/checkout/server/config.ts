import type { Fee } from "code-intents";

/** Configuration of the shop. */
export interface ShopConfig {
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** URL at which the sequencer reaches this server, without a path. Default: the listening address. */
  readonly publicUrl: string | undefined;
  readonly sequencerUrl: string;
  /** URL of the sequencer for browsers. Default: `sequencerUrl`. */
  readonly browserSequencerUrl: string;
  /** Public key that verifies webhooks, base58. */
  readonly webhookPublicKey: string;
  /** At least 32 random bytes. Never change it: with another secret, the same order is another intent. */
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
 * Reads the production configuration.
 *
 * @throws Error that names a missing or invalid variable
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
      "the public key of the sequencer's webhook signatures",
    ),
    idempotencySecret: required(env, "CODE_IDEMPOTENCY_SECRET", "at least 32 random bytes that never change"),
    destination: required(env, "CODE_DESTINATION", "the token account to pay, base58"),
    fees:
      feeAccount === undefined
        ? []
        : [{ destination: feeAccount, basisPoints: integer(env, "CODE_FEE_BASIS_POINTS", 100) }],
  };
}

/** Reads the settings that the demo shares. */
export function commonConfig(env: Environment) {
  return {
    host: env.HOST ?? "127.0.0.1",
    port: integer(env, "PORT", 4180),
    publicUrl: env.PUBLIC_URL?.replace(/\/+$/, ""),
    database: env.DATABASE ?? "data/orders.db",
    payWithinMs: 1_000 * integer(env, "PAY_WITHIN_SECONDS", 600),
    reconcileEveryMs: 1_000 * integer(env, "RECONCILE_SECONDS", 60),
    ordersPerMinute: integer(env, "ORDERS_PER_MINUTE", 20),
  };
}

export function integer(env: Environment, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === "") return fallback;
  if (!/^\d{1,9}$/.test(text))
    throw new Error(`${name} must be an integer from 0 to 999999999, got "${text}".`);
  return Number(text);
}

function required(env: Environment, name: string, what: string): string {
  const value = env[name];
  if (value === undefined || value === "") throw new Error(`${name} is required: ${what}.`);
  return value;
}
