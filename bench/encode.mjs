import { create, toBinary } from "@bufbuild/protobuf";
import { base58 } from "@scure/base";
import { MessageSchema } from "code-intents/proto/messaging";
import { interleave, processorClock, speed } from "./measure.mjs";
import { assertSameBytes, details, officialBytes, officialMessages } from "./official.mjs";

const official = "official: protobuf-es 1";
const ours = "field by field, as in PaymentIntent";
const generated = "protobuf-es 2: create + toBinary";

/**
 * Measures encoding of the message only: destination, currency and amount in, 54 bytes out.
 *
 * @param {import("./measure.mjs").Effort} effort
 * @returns {Promise<import("./report.mjs").Table[]>}
 */
export async function compareEncoding(effort) {
  // The package does not export this function, and always signs after it.
  const { encodeMessage, encodePaymentRequest, REQUEST_FIELDS } = await import(
    new URL("../dist/intents/message.js", import.meta.url).href
  );
  const destination = base58.decode(details.destination);
  const { currency, amount: nativeAmount } = details;
  const request = {
    destination,
    exchangeData: { case: "partial", value: { currency, nativeAmount } },
    fees: [],
  };
  const ways = [
    { name: official, encode: () => encodeOfficially(destination) },
    {
      name: ours,
      encode: () => encodeMessage(REQUEST_FIELDS.requestToReceiveBill, encodePaymentRequest(request)).message,
    },
    { name: generated, encode: () => encodeGenerated(destination) },
  ];
  const { message } = await officialBytes();
  for (const { name, encode } of ways) assertSameBytes(encode(), message, name);
  const timings = await interleave(ways.map(asCase), effort, processorClock);
  return [
    {
      title: `Encode the ${message.length}-byte message; official = 1, higher is faster`,
      rows: [ours, generated].map((name) => ({ name, ratio: speed(timings, name, official) })),
    },
  ];
}

/** @param {Uint8Array} destination */
function encodeOfficially(destination) {
  const { Message, RequestToReceiveBill, ExchangeDataWithoutRate, Common } = officialMessages;
  const { currency, amount: nativeAmount } = details;
  const value = new RequestToReceiveBill({
    requestorAccount: new Common.SolanaAccountId({ value: destination }),
    exchangeData: { case: "partial", value: new ExchangeDataWithoutRate({ currency, nativeAmount }) },
  });
  return new Message({ kind: { case: "requestToReceiveBill", value } }).toBinary();
}

/** @param {Uint8Array} destination */
function encodeGenerated(destination) {
  const { currency, amount: nativeAmount } = details;
  const value = {
    requestorAccount: { value: destination },
    exchangeData: { case: /** @type {const} */ ("partial"), value: { currency, nativeAmount } },
  };
  return toBinary(MessageSchema, create(MessageSchema, { kind: { case: "requestToReceiveBill", value } }));
}

/** @param {{ name: string, encode: () => Uint8Array }} way */
function asCase({ name, encode }) {
  return {
    name,
    /** @param {number} count */
    run(count) {
      for (let i = 0; i < count; i++) encode();
    },
  };
}
