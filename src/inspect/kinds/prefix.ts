/**
 * Bytes that transports put before a message and that are often pasted with it: a length, or the header of a
 * gRPC frame.
 */
import { readVarint } from "../wire.js";
import { count } from "../words.js";

/** Bytes before a message that are not part of it. */
export interface Prefix {
  readonly length: number;
  /** A description. */
  readonly what: string;
}

const GRPC_LENGTH = 5;

/** Returns every prefix that the bytes start with and whose length matches the rest. */
export function prefixesOf(bytes: Uint8Array): Prefix[] {
  const prefixes: Prefix[] = [];
  const varint = readVarint(bytes, 0, bytes.length);
  if (varint.ok && varint.length < bytes.length && Number(varint.value) === bytes.length - varint.length) {
    const what = `the length of ${varint.value} in ${count(varint.length, "byte")}, as in a delimited message`;
    prefixes.push({ length: varint.length, what });
  }
  if (bytes.length > GRPC_LENGTH && bytes[0] === 0) {
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1, false);
    const what = `the ${GRPC_LENGTH} bytes of a gRPC frame: 00 for no compression, and the length of ${length}`;
    if (length === bytes.length - GRPC_LENGTH) prefixes.push({ length: GRPC_LENGTH, what });
  }
  return prefixes;
}
