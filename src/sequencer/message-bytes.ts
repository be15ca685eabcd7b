import { create } from "@bufbuild/protobuf";
import { MessageSchema } from "../../gen/code/messaging/v1/messaging_service_pb.js";
import { asGo, decode, encode } from "../wire/encodings.js";
import type { MessageBytes } from "./port.js";

/** Encodes decoded messages with the compiled schema. */
export const messageBytes: MessageBytes = {
  whole: (message) => encode(MessageSchema, message),
  sent({ kind, $unknown }) {
    const sent = create(MessageSchema, { kind });
    if ($unknown !== undefined) sent.$unknown = $unknown;
    return encode(MessageSchema, sent);
  },
  asGo: (sent) => asGo(MessageSchema, sent),
  withoutVerifier(sent) {
    const copy = decode(MessageSchema, sent);
    const { kind } = copy;
    if (kind.case !== "requestToReceiveBill" && kind.case !== "requestToLogin") return undefined;
    const signature = kind.value.signature?.value ?? new Uint8Array(0);
    delete kind.value.signature;
    return { message: encode(MessageSchema, copy), signature };
  },
};
