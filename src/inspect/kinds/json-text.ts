/**
 * Scans a JSON object as text: where each member is, and where the text stops being JSON. Offsets count
 * bytes.
 */

/** A member of the object. */
export interface JsonTextMember {
  readonly name: string;
  readonly value: unknown;
  /** Offset of the opening quote of the name. */
  readonly start: number;
  readonly valueStart: number;
  /** Offset after the value. */
  readonly end: number;
}

/** The result of a scan. */
export interface JsonText {
  readonly members: readonly JsonTextMember[];
  /** Offset after the closing brace, or of the first wrong byte. */
  readonly end: number;
  /** What was expected at the end; absent if the object is complete. */
  readonly expected?: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const opening = new Set([0x7b, 0x5b]);
const closing = new Set([0x7d, 0x5d]);

/** Scans a JSON object and parses its values. A member whose value is not JSON ends the scan. */
export function scanJsonObject(bytes: Uint8Array): JsonText {
  const members: JsonTextMember[] = [];
  const broken = (end: number, expected: string): JsonText => ({ members, end, expected });
  let at = skipBlanks(bytes, 0);
  if (bytes[at] !== 0x7b) return broken(at, "{");
  at = skipBlanks(bytes, at + 1);
  if (bytes[at] === 0x7d) return { members, end: at + 1 };
  for (;;) {
    const start = at;
    const nameEnd = endOfString(bytes, start);
    const name = nameEnd === undefined ? undefined : parse(bytes, start, nameEnd);
    if (nameEnd === undefined || typeof name !== "string") return broken(start, "a name in quotes");
    at = skipBlanks(bytes, nameEnd);
    if (bytes[at] !== 0x3a) return broken(at, "a colon");
    const valueStart = skipBlanks(bytes, at + 1);
    const end = endOfValue(bytes, valueStart);
    const value = parse(bytes, valueStart, end);
    if (value === undefined) return broken(valueStart, "a JSON value");
    members.push({ name, value, start, valueStart, end });
    at = skipBlanks(bytes, end);
    if (bytes[at] === 0x7d) return { members, end: at + 1 };
    if (bytes[at] !== 0x2c) return broken(at, "a comma or }");
    at = skipBlanks(bytes, at + 1);
  }
}

/** Returns the offset after a string, or `undefined` if there is no string. */
function endOfString(bytes: Uint8Array, start: number): number | undefined {
  if (bytes[start] !== QUOTE) return undefined;
  for (let at = start + 1; at < bytes.length; at++) {
    if (bytes[at] === BACKSLASH) at++;
    else if (bytes[at] === QUOTE) return at + 1;
  }
  return undefined;
}

/** Returns the offset after a value, or the end of the input if the value is truncated. */
function endOfValue(bytes: Uint8Array, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) {
      const end = endOfString(bytes, at);
      if (end === undefined) return bytes.length;
      if (depth === 0) return end;
      at = end - 1;
    } else if (opening.has(byte)) {
      depth++;
    } else if (closing.has(byte)) {
      // The closing brace of the object ends a number or literal before it.
      if (depth === 0) return at;
      if (--depth === 0) return at + 1;
    } else if (depth === 0 && (byte === 0x2c || isBlank(byte))) {
      return at;
    }
  }
  return bytes.length;
}

function parse(bytes: Uint8Array, start: number, end: number): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(start, end)));
  } catch {
    return undefined;
  }
}

function skipBlanks(bytes: Uint8Array, at: number): number {
  let next = at;
  while (isBlank(bytes[next] ?? 0)) next++;
  return next;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 9 && byte <= 13);
}
