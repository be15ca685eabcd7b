/** The bytes of a `Uint8Array` or `Buffer`, also of another realm, without copying; `undefined` for anything else. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (!ArrayBuffer.isView(value)) return undefined;
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}
