/** Decodes bytes into values as protobuf does. */
import { ScalarType } from "@bufbuild/protobuf";
import type { InspectValue } from "../types.js";

/**
 * Decodes the bits of a varint. `written` is the value that a writer encodes; it differs if bits were
 * ignored.
 */
export function varintValue(
  scalar: ScalarType,
  bits: bigint,
): { readonly value: number | bigint | boolean; readonly written: bigint } {
  switch (scalar) {
    case ScalarType.BOOL:
      return { value: bits !== 0n, written: bits === 0n ? 0n : 1n };
    case ScalarType.INT32: {
      const value = BigInt.asIntN(32, bits);
      return { value: Number(value), written: BigInt.asUintN(64, value) };
    }
    case ScalarType.UINT32: {
      const value = BigInt.asUintN(32, bits);
      return { value: Number(value), written: value };
    }
    case ScalarType.SINT32: {
      const written = BigInt.asUintN(32, bits);
      return { value: Number(zigzag(written)), written };
    }
    case ScalarType.INT64:
      return { value: BigInt.asIntN(64, bits), written: bits };
    case ScalarType.SINT64:
      return { value: zigzag(bits), written: bits };
    default:
      return { value: bits, written: bits };
  }
}

/** Decodes a value of fixed length: four or eight bytes, little-endian. */
export function fixedValue(scalar: ScalarType, bytes: Uint8Array): number | bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (scalar) {
    case ScalarType.DOUBLE:
      return view.getFloat64(0, true);
    case ScalarType.FLOAT:
      return view.getFloat32(0, true);
    case ScalarType.FIXED64:
      return view.getBigUint64(0, true);
    case ScalarType.SFIXED64:
      return view.getBigInt64(0, true);
    case ScalarType.SFIXED32:
      return view.getInt32(0, true);
    default:
      return view.getUint32(0, true);
  }
}

/** Decodes text. Invalid UTF-8 becomes U+FFFD. A byte order mark is kept. */
export function textValue(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/**
 * Returns whether a value is the default of its type. Minus zero is not, since its bytes are not all zero.
 */
export function isZero(value: InspectValue): boolean {
  if (typeof value === "number") return Object.is(value, 0);
  if (typeof value === "object" || typeof value === "string") return value.length === 0;
  return value === 0n || value === false;
}

function zigzag(bits: bigint): bigint {
  return (bits >> 1n) ^ -(bits & 1n);
}
