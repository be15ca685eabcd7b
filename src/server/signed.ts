import { clone, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import * as crypto from "#crypto";
import type { Signature } from "../../gen/code/common/v1/model_pb.js";
import { someEncoding } from "../wire/encodings.js";

type Signed<S extends DescMessage> = MessageShape<S> & { signature?: Signature | undefined };

/**
 * Returns whether a message contains a valid signature by the key with these 32 public bytes. The signature
 * covers the message without the signature itself, in one of its two encodings: fields by number, or as Go
 * writes them.
 */
export function isSignedBy<S extends DescMessage>(
  schema: S,
  message: Signed<S>,
  publicKey: Uint8Array,
): boolean {
  const unsigned = clone(schema, message) as Signed<S>;
  delete unsigned.signature;
  const signature = message.signature?.value ?? new Uint8Array(0);
  return someEncoding(schema, unsigned, (bytes) => crypto.verify(publicKey, bytes, signature));
}
