import { base58 } from "@scure/base";
import { Emulator, type EmulatorOptions } from "../../src/emulator/index.js";
import { CodeClient, LoginIntent, PaymentIntent } from "../../src/index.js";

/** The account of every order. */
export const destination = "E8otxw1CVX9bfyddKu3ZB3BVLa4VVF9J7CTPdnUwT9jR";
export const feeAccount = "9sK9x3MC7yEMzfA5VRRcu2P72gCGGsF1htpeAMXae9bz";
export const idempotencySecret = "only for tests, not for an order";

/** A verifier's key in Solana's form, from a well-known seed. */
export const verifierSeed: Uint8Array = new Uint8Array(32).fill(7);
export const verifierPublicKey = "GmaDrppBC7P5ARKV8g3djiwP89vz1jLK23V2GBjuAEGB";
export const verifierFile: string = JSON.stringify([...verifierSeed, ...base58.decode(verifierPublicKey)]);

/** An order that is the same in every run. */
export function order(idempotencyKey: string, more: object = {}): PaymentIntent {
  return PaymentIntent.from({
    destination,
    amount: "2.50",
    currency: "usd",
    idempotencyKey,
    idempotencySecret,
    ...more,
  });
}

/** A login that is the same in every run. */
export function login(idempotencyKey: string): LoginIntent {
  const verifier = JSON.parse(verifierFile);
  return LoginIntent.from({ login: { domain: "example.com", verifier }, idempotencyKey, idempotencySecret });
}

/** What `create --json` prints for an intent, written independently of it. */
export function document(intent: PaymentIntent | LoginIntent): object {
  const { id, clientSecret, login: asked } = intent;
  const shared = { id, clientSecret, ...(asked === undefined ? {} : { login: asked }) };
  if (intent instanceof LoginIntent) return { kind: "login", ...shared };
  const { kind, amount, currency, fees } = intent;
  return { kind, amount, currency, destination: intent.destination, fees, ...shared };
}

/** An emulator whose keys are the same in every run, and whose example.com lists the verifier. */
export function startEmulator(more: EmulatorOptions = {}): Promise<Emulator> {
  return Emulator.start({
    signingSeed: new Uint8Array(32).fill(1),
    walletSeed: new Uint8Array(32).fill(2),
    fetchWellKnown: async () => ({
      status: 200,
      body: JSON.stringify({ public_keys: [verifierPublicKey] }),
    }),
    logger: { error() {} },
    ...more,
  });
}

/** Registers an order, and writes its document into a file of this name. */
export async function registerOrder(
  emulator: Emulator,
  program: { write(name: string, content: object): Promise<string> },
  idempotencyKey: string,
): Promise<{ readonly intent: PaymentIntent; readonly file: string }> {
  await using code = new CodeClient({ transport: emulator.transport });
  const intent = await code.paymentIntents.create(order(idempotencyKey));
  return { intent, file: await program.write(`${idempotencyKey}.json`, document(intent)) };
}
