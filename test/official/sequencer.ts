/** An emulator configured like the sequencer that the official clients use, and access to what it stores. */
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

/** Keys of a verifier. */
export interface VerifierKey {
  /** 32 bytes: the seed of the official keypair. */
  readonly seed: Uint8Array;
  /** 64 bytes: seed and public key, the form that our package accepts. */
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

/** A key that the file does not list. */
export const stranger: VerifierKey = keyOf(9);

export interface OfficialSequencer {
  readonly emulator: Emulator;
  /** The `endpoint` option of the official clients. */
  readonly endpoint: string;
  /** Webhooks that were delivered. */
  readonly delivered: readonly WebhookRequest[];
}

/** Starts an emulator with production's webhook rules. It closes after the test. */
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

/** Returns what the emulator stores for an intent; `undefined` if nothing. */
export async function stored({ transport }: Emulator, intentId: string): Promise<EmulatedIntent | undefined> {
  try {
    return (await createClient(EmulatorService, transport).getIntent({ intentId })).intent;
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.NotFound) return undefined;
    throw error;
  }
}

/** Returns the stored messages in hex, as signed: without the fields that the sequencer adds. */
export async function signedMessages(emulator: Emulator, intentId: string): Promise<readonly string[]> {
  const intent = await stored(emulator, intentId);
  return (intent?.messages ?? []).map(({ message: bytes }) => {
    const message = fromBinary(MessageSchema, bytes);
    clearField(message, MessageSchema.field.id);
    clearField(message, MessageSchema.field.sendMessageRequestSignature);
    return hex(toBinary(MessageSchema, message));
  });
}
