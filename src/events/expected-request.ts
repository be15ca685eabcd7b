import * as crypto from "#crypto";
import type { Message, RequestToReceiveBill } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { encodeMessage, REQUEST_FIELDS } from "../intents/message.js";
import { equalBytes, fromBase58 } from "../lib/bytes.js";
import type { MessageBytes } from "../sequencer/port.js";
import { accountText } from "./base58-text.js";
import { isPayment, type WatchedIntent, type WatchedPayment } from "./watched-intent.js";

/**
 * The request of an intent. Recognizes it, and names the first difference of any other request. With a login,
 * the verifier's signature is verified, not compared, because a browser cannot reproduce it.
 */
export class ExpectedRequest {
  readonly #intent: WatchedIntent;
  /** The message as its sender signed it, without the verifier's signature. */
  readonly #bytes: Uint8Array;
  readonly #verifier: Uint8Array | undefined;

  constructor(intent: WatchedIntent) {
    this.#intent = intent;
    const { bytesForVerifier, login } = intent;
    const field = isPayment(intent) ? REQUEST_FIELDS.requestToReceiveBill : REQUEST_FIELDS.requestToLogin;
    this.#bytes =
      bytesForVerifier === undefined ? intent.toBinary() : encodeMessage(field, bytesForVerifier).message;
    this.#verifier = login === undefined ? undefined : fromBase58(login.verifier);
  }

  /**
   * Returns the field in which a request at our key differs from ours, such as `destination`; `undefined` if
   * it is ours.
   *
   * @param sent the serialized message as its sender signed it
   */
  differenceOf(message: Message, sent: Uint8Array, bytes: MessageBytes): string | undefined {
    if (this.#verifier === undefined)
      return equalBytes(sent, this.#bytes) ? undefined : this.#differingField(message);
    const split = bytes.withoutVerifier(sent);
    if (split === undefined) return "kind";
    if (!equalBytes(split.message, this.#bytes)) return this.#differingField(message);
    const signed = this.#intent.bytesForVerifier ?? new Uint8Array(0);
    return crypto.verify(this.#verifier, signed, split.signature) ? undefined : "signature";
  }

  #differingField({ kind }: Message): string {
    const intent = this.#intent;
    if (kind.case === "requestToReceiveBill" && isPayment(intent))
      return differingPayment(kind.value, intent);
    if (kind.case !== "requestToLogin" || isPayment(intent)) return "kind";
    return differingLogin(kind.value, intent) ?? "request";
  }
}

function differingPayment(request: RequestToReceiveBill, intent: WatchedPayment): string {
  const { requestorAccount, exchangeData, additionalFees } = request;
  const { destination, currency, amount, fees } = intent;
  if (accountText(requestorAccount?.value) !== destination) return "destination";
  if (exchangeData.value?.currency !== currency) return "currency";
  if (exchangeData.value.nativeAmount !== Number(amount)) return "amount";
  const received = additionalFees.map((fee) => `${accountText(fee.destination?.value)} ${fee.feeBps}`);
  const expected = fees.map((fee) => `${fee.destination} ${fee.basisPoints}`);
  if (received.join() !== expected.join()) return "fees";
  return differingLogin(request, intent) ?? "exchangeData";
}

function differingLogin(
  { domain, verifier, rendezvousKey }: Pick<RequestToReceiveBill, "domain" | "verifier" | "rendezvousKey">,
  { id, login }: WatchedIntent,
): string | undefined {
  if (domain?.value !== login?.domain) return "domain";
  if (keyText(verifier) !== login?.verifier) return "verifier";
  return keyText(rendezvousKey) === (login && id) ? undefined : "rendezvousKey";
}

function keyText(key: { readonly value: Uint8Array } | undefined): string | undefined {
  return key && accountText(key.value);
}
