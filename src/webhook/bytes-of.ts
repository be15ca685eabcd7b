/**
 * Returns the bytes of a `Uint8Array` or `Buffer`, also from another realm, without copying. Returns
 * `undefined` for anything else.
 */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (!ArrayBuffer.isView(value)) return undefined;
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}
