/** What a wallet reads at a key before it does anything. */
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

/** A payment request, as the wallet saw it. */
export interface ScannedPayment {
  readonly kind: "payment";
  /** Base58. */
  readonly intentId: string;
  readonly payment: RequestedPayment;
  /** Who asks, where the request says so; verified where a verifier signed for it. */
  readonly domain: RequestedDomain | undefined;
}

/** A login request, as the wallet saw it. */
export interface ScannedLogin {
  readonly kind: "login";
  /** Base58. */
  readonly intentId: string;
  /** Nothing is to be paid. */
  readonly payment: undefined;
  /** Who asks; always verified. */
  readonly domain: RequestedDomain;
}

/** What the wallet saw when it scanned: a request for a payment or for a login. */
export type Scan = ScannedPayment | ScannedLogin;

/**
 * Polls at a key and checks the first request there as a phone does: its signature by the rendezvous key, and by the
 * verifier where it names one.
 *
 * @throws ConnectError where there is no request, or where a signature of it is not good
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

/** A message that a client made is signed by the rendezvous key, without what the server added. */
function checkOwnSignature(message: Message, publicKey: Uint8Array): void {
  const sent = clone(MessageSchema, message);
  delete sent.id;
  delete sent.sendMessageRequestSignature;
  const signature = message.sendMessageRequestSignature?.value ?? new Uint8Array(0);
  if (!crypto.verify(publicKey, toBinary(MessageSchema, sent), signature)) throw unauthenticated();
}

/** Whether the verifier that a request names signed it, for this very key. */
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
