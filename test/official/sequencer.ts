/** An emulator as the official clients meet a sequencer, and what it really stores. */
import { clearField, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import * as crypto from "#crypto";
import { MessageSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import {
  type EmulatedIntent,
  EmulatorService,
} from "../../gen/codeintents/emulator/v1/emulator_service_pb.js";
import { Emulator, type WebhookRequest } from "../../src/emulator/index.js";
import { toBase58 } from "../../src/lib/bytes.js";
import { later } from "../support/emulated.js";
import { hex } from "../support/vectors.js";

/** A verifier's key. */
export interface VerifierKey {
  /** 32 bytes: what the official keypair is made from. */
  readonly seed: Uint8Array;
  /** 64 bytes: seed and public key, which ours takes. */
  readonly secretKey: Uint8Array;
  /** Base58. */
  readonly publicKey: string;
}

function keyOf(byte: number): VerifierKey {
  const seed = new Uint8Array(32).fill(byte);
  const { publicKey } = crypto.keyFromSeed(seed.slice());
  return { seed, secretKey: Uint8Array.from([...seed, ...publicKey]), publicKey: toBase58(publicKey) };
}

/** The key that the well-known file of example.com lists. */
export const verifier: VerifierKey = keyOf(8);

/** A key that it does not list. */
export const stranger: VerifierKey = keyOf(9);

export interface OfficialSequencer {
  readonly emulator: Emulator;
  /** The official clients' option. */
  readonly endpoint: string;
  /** Webhooks that were delivered. */
  readonly delivered: readonly WebhookRequest[];
}

/** An emulator with production's rules about webhooks; it ends with the test. */
export async function startSequencer(): Promise<OfficialSequencer> {
  const delivered: WebhookRequest[] = [];
  const emulator = await Emulator.start({
    fetchWellKnown: async () => ({
      status: 200,
      body: JSON.stringify({ public_keys: [verifier.publicKey] }),
    }),
    allowLocalWebhooks: false,
    resolveHost: async () => {},
    deliverWebhook: async (request) => {
      delivered.push(request);
      return { status: 200 };
    },
  });
  later(() => emulator.close());
  return { emulator, endpoint: `${emulator.url}/v1`, delivered };
}

/** What the emulator stores of an intent; `undefined` where it stores nothing. */
export async function stored({ transport }: Emulator, intentId: string): Promise<EmulatedIntent | undefined> {
  try {
    return (await createClient(EmulatorService, transport).getIntent({ intentId })).intent;
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.NotFound) return undefined;
    throw error;
  }
}

/** The stored messages in hex, as they were signed: without what the sequencer adds. */
export async function signedMessages(emulator: Emulator, intentId: string): Promise<readonly string[]> {
  const intent = await stored(emulator, intentId);
  return (intent?.messages ?? []).map(({ message: bytes }) => {
    const message = fromBinary(MessageSchema, bytes);
    clearField(message, MessageSchema.field.id);
    clearField(message, MessageSchema.field.sendMessageRequestSignature);
    return hex(toBinary(MessageSchema, message));
  });
}
