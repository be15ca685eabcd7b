import { readFileSync } from "node:fs";

/** An intent as the official packages built it. */
export interface IntentVector {
  id: string;
  intentClass: string;
  input: Record<string, unknown>;
  normalizedAmount?: number;
  encodedUnits?: number;
  nonceHex?: string;
  clientSecret: string | null;
  payloadHex: string;
  rendezvousSeedHex: string;
  rendezvousPublicKeyHex: string;
  rendezvousPublicKey: string;
  verifierSignedBytesHex?: string;
  verifierSignatureHex?: string;
  messageHex?: string;
  innerSignedBytesHex?: string;
  signatureHex?: string;
  signatureBase58?: string;
  restBody?: Record<string, string>;
  sendMessageRequestHex?: string;
  /** Body that the official client posts to `/v1/api/`. */
  httpEnvelopeHex?: string;
}

interface CrossSdkAmount {
  currency: string;
  amount: string;
  idempotencyKey: string;
  ts: { roundedAmount: string; units: string; payloadHex: string; intent: string; kinQuarks?: string };
}

interface InvalidInput {
  id: string;
  intentClass: string;
  input: Record<string, unknown>;
  step: string;
  error?: string;
  accepted?: boolean;
  note?: string;
  payloadHex?: string;
  messageHex?: string;
  intent?: string;
}

interface PayloadVector {
  id: string;
  kind: number;
  amount?: string;
  currency?: string;
  nonce?: string;
  username?: string;
  payloadHex: string;
}

interface Vectors {
  meta: { verifierSeedHex: string; verifierPublicKey: string };
  intents: IntentVector[];
  otherMessages: Record<string, string>[];
  payloadCodec: PayloadVector[];
  idempotencyKeys: { seed: string; nonceHex: string; clientSecret: string }[];
  kinDecimalToQuarksTs: { decimal: number; quarks: string }[];
  invalidInputs: InvalidInput[];
  crossSdkAmounts: CrossSdkAmount[];
  tables: {
    currencyIndex: string[];
    microPaymentLimits213d06d: Record<string, { min: number; max: number }>;
  };
}

/**
 * The vectors are output of the official npm packages. `meta.packages` in the file names their versions. See
 * test/vectors/README.md.
 */
export const vectors: Vectors = JSON.parse(
  readFileSync(new URL("../vectors/intents.json", import.meta.url), "utf8"),
);

/** Payment vectors without login. */
export const paymentVectors: IntentVector[] = vectors.intents.filter(
  (vector) => vector.input.mode === "payment" && vector.input.login === undefined,
);

/** Payment vectors with a login. */
export const paymentWithLoginVectors: IntentVector[] = vectors.intents.filter(
  (vector) => vector.input.mode === "payment" && vector.input.login !== undefined,
);

/** Login vectors. */
export const loginVectors: IntentVector[] = vectors.intents.filter(({ input }) => input.mode === "login");

/** Tip vectors. */
export const tipVectors: IntentVector[] = vectors.intents.filter(({ input }) => input.mode === "tip");

/** Returns bytes as lower-case hex. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Returns the bytes of hex text. */
export function unhex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "hex"));
}
