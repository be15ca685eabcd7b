/**
 * Encodes payment and login requests in canonical form: fields in ascending order, no explicit defaults,
 * shortest varints. The sequencer verifies the signature over its own canonical encoding, so no other form
 * verifies.
 *
 * The fields are written with the library's `BinaryWriter`, not with `create` and `toBinary`. The schemas
 * alone would add 19 KB to a bundle and two thirds of the official client's load time to every start. The
 * types are those of the compiled schema, so a renamed or retyped field does not compile. The tests compare
 * the bytes with `toBinary` of the compiled schema, so a renumbered field fails.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type {
  AdditionalFeePayment,
  ExchangeData,
  ExchangeDataWithoutRate,
} from "../../gen/code/transaction/v2/transaction_service_pb.js";
import type { CheckedFee } from "./fees.js";

type Fields<T> = Omit<T, "$typeName" | "$unknown">;

/** The login part of a request. */
export interface LoginRequest {
  /** Base domain. */
  readonly domain: string;
  /** Public key of the verifier, 32 bytes. */
  readonly verifier: Uint8Array;
  /** Rendezvous public key, 32 bytes. The verifier signs for this intent only. */
  readonly rendezvousKey: Uint8Array;
}

/** A validated payment request. */
export interface PaymentRequest {
  /** Token account that receives the payment, 32 bytes. */
  readonly destination: Uint8Array;
  /** Kin has an exact rate and quarks, every other currency only its amount. */
  readonly exchangeData:
    | { readonly case: "exact"; readonly value: Fields<ExchangeData> }
    | { readonly case: "partial"; readonly value: Fields<ExchangeDataWithoutRate> };
  readonly fees: readonly CheckedFee[];
  readonly login: LoginRequest | undefined;
}

/** A serialized `Message`, and the request inside the same bytes. */
export interface EncodedRequest {
  /** `code.messaging.v1.Message`: the bytes that the rendezvous key signs. */
  readonly message: Uint8Array;
  /** The request: a view into `message`, and the part that REST sends. */
  readonly inner: Uint8Array;
}

/**
 * Encodes a `RequestToReceiveBill`.
 *
 * @param verifierSignature 64 bytes. Without it, the result is what the verifier of a login signs
 */
export function encodePaymentRequest(
  { destination, exchangeData, fees, login }: PaymentRequest,
  verifierSignature?: Uint8Array,
): Uint8Array {
  const request = new BinaryWriter();
  writeWrapped(request, 1, destination);
  if (exchangeData.case === "exact") writeExchangeData(request, exchangeData.value);
  else writeExchangeDataWithoutRate(request, exchangeData.value);
  if (login !== undefined) {
    writeDomain(request, 4, login.domain);
    writeWrapped(request, 5, login.verifier);
    if (verifierSignature !== undefined) writeWrapped(request, 6, verifierSignature);
    writeWrapped(request, 7, login.rendezvousKey);
  }
  for (const fee of fees) writeFee(request, { destination: fee.account, feeBps: fee.basisPoints });
  return request.finish();
}

/**
 * Encodes a `RequestToLogin`.
 *
 * @param verifierSignature 64 bytes. Without it, the result is what the verifier signs
 */
export function encodeLoginRequest(login: LoginRequest, verifierSignature?: Uint8Array): Uint8Array {
  const request = new BinaryWriter();
  writeDomain(request, 1, login.domain);
  writeWrapped(request, 4, login.verifier);
  if (verifierSignature !== undefined) writeWrapped(request, 5, verifierSignature);
  writeWrapped(request, 6, login.rendezvousKey);
  return request.finish();
}

/** Field numbers in `Message` that hold a request. */
export const REQUEST_FIELDS = { requestToReceiveBill: 5, requestToLogin: 10 } as const;

/** Encodes the `Message` around a request. */
export function encodeMessage(field: number, request: Uint8Array): EncodedRequest {
  const message = new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(request).finish();
  return { message, inner: message.subarray(message.length - request.length) };
}

/**
 * Encodes a `code.user.v1.GetLoginForThirdPartyAppRequest`. Without the signature, the result is what the
 * verifier signs.
 */
export function encodeUserIdRequest(
  intent: Uint8Array,
  verifier: Uint8Array,
  signature?: Uint8Array,
): Uint8Array {
  const request = new BinaryWriter();
  writeWrapped(request, 1, intent);
  writeWrapped(request, 2, verifier);
  if (signature !== undefined) writeWrapped(request, 3, signature);
  return request.finish();
}

/**
 * Encodes a `code.messaging.v1.SendMessageRequest` around a signed message, whose bytes are copied unchanged.
 */
export function encodeSendMessageRequest(signed: {
  readonly message: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}): Uint8Array {
  const request = new BinaryWriter();
  request.tag(1, WireType.LengthDelimited).bytes(signed.message);
  writeWrapped(request, 2, signed.publicKey);
  writeWrapped(request, 3, signed.signature);
  return request.finish();
}

function writeExchangeData(writer: BinaryWriter, data: Fields<ExchangeData>): void {
  writer.tag(2, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).string(data.currency);
  writer.tag(2, WireType.Bit64).double(data.exchangeRate);
  writer.tag(3, WireType.Bit64).double(data.nativeAmount);
  writer.tag(4, WireType.Varint).uint64(data.quarks);
  writer.join();
}

function writeExchangeDataWithoutRate(writer: BinaryWriter, data: Fields<ExchangeDataWithoutRate>): void {
  writer.tag(3, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).string(data.currency);
  writer.tag(2, WireType.Bit64).double(data.nativeAmount);
  writer.join();
}

function writeDomain(writer: BinaryWriter, field: number, domain: string): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).string(domain);
  writer.join();
}

function writeFee(
  writer: BinaryWriter,
  fee: Pick<AdditionalFeePayment, "feeBps"> & { destination: Uint8Array },
): void {
  writer.tag(8, WireType.LengthDelimited).fork();
  writeWrapped(writer, 1, fee.destination);
  writer.tag(2, WireType.Varint).uint32(fee.feeBps);
  writer.join();
}

/** Writes a message whose only field is `value = 1`: an account, a key or a signature. */
function writeWrapped(writer: BinaryWriter, field: number, value: Uint8Array): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).bytes(value);
  writer.join();
}
