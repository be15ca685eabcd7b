/** The official packages as they are on npm, unmodified, loaded as any program loads them. */
import { createRequire } from "node:module";
import intents, { type IntentSigners } from "@code-wallet/intents";

/** An Ed25519 keypair of the official packages. */
export type OfficialKeypair = IntentSigners["signers"][number];

/** Any options at all, which need not be valid ones. */
export type AnyOptions = Readonly<Record<string, unknown>>;

// Theirs to depend on, so resolved from where they are.
const { Keypair } = createRequire(import.meta.resolve("@code-wallet/intents"))("@code-wallet/keys") as {
  Keypair: { fromSeed(seed: Uint8Array): OfficialKeypair };
};

/** The official keypair of a seed of 32 bytes. */
export function officialKeypair(seed: Uint8Array): OfficialKeypair {
  return Keypair.fromSeed(seed);
}

/** An official intent that has a message. */
export type OfficialRequest =
  | InstanceType<typeof intents.PaymentRequestIntent>
  | InstanceType<typeof intents.LoginRequestIntent>;

/** An official tip. */
export type OfficialTip = InstanceType<typeof intents.TipRequestIntent>;

/** The official intent for a login, for a payment, or for a payment with a login. */
export function officialRequest(options: AnyOptions): OfficialRequest {
  const given = options as never;
  if (options.mode === "login") return new intents.LoginRequestIntent(given);
  if (options.login !== undefined) return new intents.PaymentRequestWithLoginIntent(given);
  return new intents.PaymentRequestIntent(given);
}

/** The official tip. */
export function officialTip(options: AnyOptions): OfficialTip {
  return new intents.TipRequestIntent(options as never);
}
