import { clone, type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import * as crypto from "#crypto";
import type { Signature } from "../../gen/code/common/v1/model_pb.js";

type Signed<S extends DescMessage> = MessageShape<S> & { signature?: Signature | undefined };

/**
 * Returns whether a message contains a valid signature by the key with these 32 public bytes. The signature
 * covers the message without the signature itself.
 */
export function isSignedBy<S extends DescMessage>(
  schema: S,
  message: Signed<S>,
  publicKey: Uint8Array,
): boolean {
  const unsigned = clone(schema, message) as Signed<S>;
  delete unsigned.signature;
  const signature = message.signature?.value ?? new Uint8Array(0);
  return crypto.verify(publicKey, toBinary(schema, unsigned), signature);
}
