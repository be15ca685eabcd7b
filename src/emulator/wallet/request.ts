/** The request that the wallet reads and checks before it acts. */
import { clone, create, toBinary } from "@bufbuild/protobuf";
import * as crypto from "#crypto";
import {
  type Message,
  MessageSchema,
  PollMessagesRequestSchema,
  type RequestToLogin,
  RequestToLoginSchema,
  type RequestToReceiveBill,
  RequestToReceiveBillSchema,
} from "../../../gen/code/messaging/v1/messaging_service_pb.js";
import type { SigningKey } from "../../crypto/types.js";
import { equalBytes, toBase58 } from "../../lib/bytes.js";
import type { SequencerServices } from "../../server/calls/services.js";
import { invalidArgument, unauthenticated } from "../../server/failure.js";
import { baseDomain } from "../../server/rules/domain.js";
import { requestedPayment } from "../../server/rules/payment-request.js";
import { isSignedBy } from "../../server/signed.js";
import type { RequestedDomain, RequestedPayment } from "../../server/store/store.js";
import { someEncoding } from "../../wire/encodings.js";

/** A payment request that the wallet scanned. */
export interface ScannedPayment {
  readonly kind: "payment";
  /** Base58. */
  readonly intentId: string;
  readonly payment: RequestedPayment;
  /**
   * The domain that requests the payment, if the request names one; verified if its verifier signed the
   * request.
   */
  readonly domain: RequestedDomain | undefined;
}

/** A login request that the wallet scanned. */
export interface ScannedLogin {
  readonly kind: "login";
  /** Base58. */
  readonly intentId: string;
  /** Always absent: a login requests no payment. */
  readonly payment: undefined;
  /** The domain that requests the login; always verified. */
  readonly domain: RequestedDomain;
}

/** The request that the wallet scanned: for a payment or a login. */
export type Scan = ScannedPayment | ScannedLogin;

/**
 * Polls a key and checks the first request there as a phone does: its signature by the rendezvous key, and by
 * the verifier if it names one.
 *
 * @throws ConnectError if no request exists, or if one of its signatures is invalid
 */
export async function readRequest(
  { pollMessages }: Pick<SequencerServices, "pollMessages">,
  key: SigningKey,
): Promise<Scan> {
  const rendezvousKey = { value: key.publicKey };
  const unsigned = create(PollMessagesRequestSchema, { rendezvousKey });
  const signature = { value: key.sign(toBinary(PollMessagesRequestSchema, unsigned)) };
  const { messages } = await pollMessages(create(PollMessagesRequestSchema, { rendezvousKey, signature }));
  for (const message of messages) {
    const { kind } = message;
    if (kind.case !== "requestToReceiveBill" && kind.case !== "requestToLogin") continue;
    checkOwnSignature(message, key.publicKey);
    const intentId = toBase58(key.publicKey);
    if (kind.case === "requestToLogin") {
      if (!isVerified(kind.value, key.publicKey)) throw unauthenticated();
      return { kind: "login", intentId, payment: undefined, domain: domainOf(kind.value, true) };
    }
    const { domain, verifier } = kind.value;
    if (verifier !== undefined && !isVerified(kind.value, key.publicKey)) throw unauthenticated();
    const payment = requestedPayment(kind.value);
    const asking = domain && domainOf(kind.value, verifier !== undefined);
    return { kind: "payment", intentId, payment, domain: asking };
  }
  throw invalidArgument("no request exists for this intent");
}

/** Returns whether the rendezvous key signed a message, without the fields that the server added. */
function checkOwnSignature(message: Message, publicKey: Uint8Array): void {
  const sent = clone(MessageSchema, message);
  delete sent.id;
  delete sent.sendMessageRequestSignature;
  const signature = message.sendMessageRequestSignature?.value ?? new Uint8Array(0);
  if (!someEncoding(MessageSchema, sent, (bytes) => crypto.verify(publicKey, bytes, signature)))
    throw unauthenticated();
}

/** Returns whether the verifier that a request names signed it for this rendezvous key. */
function isVerified(request: RequestToLogin | RequestToReceiveBill, rendezvous: Uint8Array): boolean {
  const verifier = request.verifier?.value ?? new Uint8Array(0);
  if (!equalBytes(request.rendezvousKey?.value ?? new Uint8Array(0), rendezvous)) return false;
  return request.$typeName === "code.messaging.v1.RequestToLogin"
    ? isSignedBy(RequestToLoginSchema, request, verifier)
    : isSignedBy(RequestToReceiveBillSchema, request, verifier);
}

function domainOf({ domain }: RequestToLogin | RequestToReceiveBill, verified: boolean): RequestedDomain {
  return { base: baseDomain(domain?.value ?? ""), verified };
}
