/** The official packages from npm, unmodified and loaded like by any program. */
import { createRequire } from "node:module";
import intents, { type IntentSigners } from "@code-wallet/intents";

/** An Ed25519 keypair of the official packages. */
export type OfficialKeypair = IntentSigners["signers"][number];

/** Any options, including invalid ones. */
export type AnyOptions = Readonly<Record<string, unknown>>;

// Resolved from the official package, because these are its dependencies.
const { Keypair } = createRequire(import.meta.resolve("@code-wallet/intents"))("@code-wallet/keys") as {
  Keypair: { fromSeed(seed: Uint8Array): OfficialKeypair };
};

/** Builds the official keypair of a 32-byte seed. */
export function officialKeypair(seed: Uint8Array): OfficialKeypair {
  return Keypair.fromSeed(seed);
}

/** An official intent that has a message. */
export type OfficialRequest =
  | InstanceType<typeof intents.PaymentRequestIntent>
  | InstanceType<typeof intents.LoginRequestIntent>;

/** An official tip. */
export type OfficialTip = InstanceType<typeof intents.TipRequestIntent>;

/** Builds the official intent of a login, a payment, or a payment with a login. */
export function officialRequest(options: AnyOptions): OfficialRequest {
  const given = options as never;
  if (options.mode === "login") return new intents.LoginRequestIntent(given);
  if (options.login !== undefined) return new intents.PaymentRequestWithLoginIntent(given);
  return new intents.PaymentRequestIntent(given);
}

/** Builds the official tip. */
export function officialTip(options: AnyOptions): OfficialTip {
  return new intents.TipRequestIntent(options as never);
}
