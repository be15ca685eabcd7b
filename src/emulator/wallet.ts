import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { crypto } from "#crypto";
import {
  type Message,
  MessageSchema,
  PollMessagesRequestSchema,
  SendMessageRequestSchema,
} from "../../gen/code/messaging/v1/messaging_service_pb.js";
import type { SigningKey } from "../crypto/types.js";
import { InputError } from "../errors.js";
import { PaymentIntent } from "../intents/payment-intent.js";
import { requireBase58, toBase58 } from "../lib/bytes.js";
import { checkOptions } from "../lib/options.js";
import { rendezvousKey } from "../rendezvous/key.js";
import { invalidArgument, unauthenticated } from "./failure.js";
import { type PaymentContext, submitPayment } from "./payments.js";
import type { Payment } from "./rules/payment.js";
import { requestedPayment } from "./rules/payment-request.js";
import type { SequencerServices } from "./services.js";
import type { RequestedPayment, SubmittedPayment } from "./store.js";

/** What a phone can scan: an intent, or the 20 bytes of its scan code. */
export type Scannable = PaymentIntent | Uint8Array;

/** What the wallet saw when it scanned. */
export interface Scan {
  /** Base58. */
  readonly intentId: string;
  readonly payment: RequestedPayment;
}

/** What the wallet paid. */
export interface PaidIntent {
  /** Base58. */
  readonly intentId: string;
  readonly payment: SubmittedPayment;
}

/** A virtual wallet: it plays the payer as the phone does, through the same calls. */
export class Wallet {
  readonly #services: SequencerServices;
  readonly #context: PaymentContext;
  readonly #vanished = new Set<string>();

  /** @internal */
  constructor(services: SequencerServices, context: PaymentContext) {
    this.#services = services;
    this.#context = context;
  }

  /**
   * Scans: derives the key, polls, checks the request and its signature, and sends CodeScanned.
   *
   * @throws ConnectError in the sequencer's words where there is no request, or where it is not signed by its key
   */
  async scan(target: Scannable): Promise<Scan> {
    const key = keyOf(target);
    const payment = await this.#readRequest(key);
    this.#vanished.delete(toBase58(key.publicKey));
    const timestamp = timestampFromMs(this.#context.clock.now());
    await this.#send(key, create(MessageSchema, { kind: { case: "codeScanned", value: { timestamp } } }));
    return { intentId: toBase58(key.publicKey), payment };
  }

  /**
   * Pays what is requested. `changes` pay something else, which the sequencer refuses in its own words. Also takes a bare
   * intent id: the emulator stands in for the phone then, and needs no secret.
   *
   * @throws ConnectError in the sequencer's words
   */
  async pay(target: Scannable | string, changes: Partial<Payment> = {}): Promise<PaidIntent> {
    checkOptions(changes, "changes", ["destination", "currency", "nativeAmount"]);
    const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    if (typeof target === "string") {
      const intentId = toBase58(
        requireBase58(target, "intent", 32, "the id of an intent, base58 of 32 bytes"),
      );
      return { intentId, payment: await submitPayment(this.#context, intentId, given) };
    }
    const key = this.#presentKeyOf(target);
    await this.#readRequest(key);
    const intentId = toBase58(key.publicKey);
    return { intentId, payment: await submitPayment(this.#context, intentId, given) };
  }

  /** Declines, by ClientRejectedPayment. The request stays payable. */
  async reject(target: Scannable): Promise<{ readonly intentId: string }> {
    const key = this.#presentKeyOf(target);
    const intentId = { value: key.publicKey };
    await this.#send(
      key,
      create(MessageSchema, { kind: { case: "clientRejectedPayment", value: { intentId } } }),
    );
    return { intentId: toBase58(key.publicKey) };
  }

  /** Leaves without a word, as a phone that is switched off does: it neither pays nor declines until it scans again. */
  async vanish(target: Scannable): Promise<{ readonly intentId: string }> {
    const intentId = toBase58(keyOf(target).publicKey);
    this.#vanished.add(intentId);
    return { intentId };
  }

  /**
   * Forgets who has left.
   *
   * @internal
   */
  reset(): void {
    this.#vanished.clear();
  }

  #presentKeyOf(target: Scannable): SigningKey {
    const key = keyOf(target);
    if (this.#vanished.has(toBase58(key.publicKey)))
      throw invalidArgument("the payer has left; scan again first");
    return key;
  }

  async #readRequest(key: SigningKey): Promise<RequestedPayment> {
    const unsigned = create(PollMessagesRequestSchema, { rendezvousKey: { value: key.publicKey } });
    const value = key.sign(toBinary(PollMessagesRequestSchema, unsigned));
    const { messages } = await this.#services.pollMessages(
      create(PollMessagesRequestSchema, { rendezvousKey: unsigned.rendezvousKey, signature: { value } }),
    );
    const message = messages.find(({ kind }) => kind.case === "requestToReceiveBill");
    if (message?.kind.case !== "requestToReceiveBill")
      throw invalidArgument("no request exists for this intent");
    checkOwnSignature(message, key.publicKey);
    return requestedPayment(message.kind.value);
  }

  async #send(key: SigningKey, message: Message): Promise<void> {
    const value = key.sign(toBinary(MessageSchema, message));
    await this.#services.sendMessage(
      create(SendMessageRequestSchema, {
        message,
        rendezvousKey: { value: key.publicKey },
        signature: { value },
      }),
    );
  }
}

/** A message that a client made is signed by the rendezvous key, without what the server added. */
function checkOwnSignature(message: Message, publicKey: Uint8Array): void {
  const sent = fromBinary(MessageSchema, toBinary(MessageSchema, message));
  delete sent.id;
  delete sent.sendMessageRequestSignature;
  const signature = message.sendMessageRequestSignature?.value ?? new Uint8Array(0);
  if (!crypto.verify(publicKey, toBinary(MessageSchema, sent), signature)) throw unauthenticated();
}

function keyOf(target: unknown): SigningKey {
  if (target instanceof PaymentIntent) return rendezvousKey(target.payload);
  if (target instanceof Uint8Array) return rendezvousKey(target);
  if (typeof target === "string") {
    throw new InputError(
      "invalid_option",
      "intent",
      "is an id; this is signed, so it needs the intent itself or the 20 bytes of its scan code",
    );
  }
  throw new InputError(
    "invalid_option",
    "intent",
    "must be a PaymentIntent or the 20 bytes of its scan code",
  );
}
