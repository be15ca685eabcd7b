/** What transports put before a message, and what is pasted with it: the length, or the header of a gRPC frame. */
import { readVarint } from "../wire.js";
import { count } from "../words.js";

/** Bytes before a message that are no part of it. */
export interface Prefix {
  readonly length: number;
  /** What it is, in words. */
  readonly what: string;
}

const GRPC_LENGTH = 5;

/** Every prefix that the bytes begin with, by the length that it says: that of all the rest. */
export function prefixesOf(bytes: Uint8Array): Prefix[] {
  const prefixes: Prefix[] = [];
  const varint = readVarint(bytes, 0, bytes.length);
  if (varint.ok && varint.length < bytes.length && Number(varint.value) === bytes.length - varint.length) {
    const what = `the length of ${varint.value} in ${count(varint.length, "byte")}, as of a delimited message`;
    prefixes.push({ length: varint.length, what });
  }
  if (bytes.length > GRPC_LENGTH && bytes[0] === 0) {
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1, false);
    const what = `the ${GRPC_LENGTH} bytes of a gRPC frame: 00 for no compression, and the length of ${length}`;
    if (length === bytes.length - GRPC_LENGTH) prefixes.push({ length: GRPC_LENGTH, what });
  }
  return prefixes;
}
