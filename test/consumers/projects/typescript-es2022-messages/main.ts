// The typed messages with the language alone: neither browser types nor Node's.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Message, MessageSchema } from "code-intents/proto/messaging";

declare const console: { log(text: string): void };

const message: Message = create(MessageSchema, {
  kind: {
    case: "requestToReceiveBill",
    value: {
      requestorAccount: { value: new Uint8Array(32) },
      exchangeData: { case: "partial", value: { currency: "usd", nativeAmount: 10 } },
    },
  },
});
const bytes: Uint8Array = toBinary(MessageSchema, message);

const { kind } = fromBinary(MessageSchema, bytes);
if (kind.case !== "requestToReceiveBill") throw new Error(`decoded to ${kind.case}`);
const { requestorAccount, exchangeData } = kind.value;
if (exchangeData.case !== "partial") throw new Error(`decoded to ${exchangeData.case}`);

console.log(
  JSON.stringify({
    hex: Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    account: Array.from(requestorAccount?.value ?? []).join(""),
    currency: exchangeData.value.currency,
    nativeAmount: exchangeData.value.nativeAmount,
  }),
);
