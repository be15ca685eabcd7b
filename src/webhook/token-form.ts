import { bytesOf } from "./bytes-of.js";

// A compact JWT. Its header is a JSON object: base64url from `ey`, or from `ew` before a line break.
const tokenPattern = /^e[wy][\w-]+\.[\w-]+\.[\w-]+$/;

// A converted body can be converted again, such as base64 in quotes. Each level needs a pass over the text.
const mostLevels = 3;

/** A known way in which code before the receiver converts a token. */
interface Conversion {
  /** Name of the result, followed by "of" and the inner value. */
  readonly name: string;
  readonly fix: string;
}

const conversions = {
  quoted: {
    name: "the JSON string (in quotes)",
    fix: "Pass the text itself, and neither parse the body as JSON nor call JSON.stringify on it",
  },
  base64: {
    name: "the base64",
    fix: 'Decode it first: Buffer.from(body, "base64"). On AWS Lambda, event.isBase64Encoded says when',
  },
  hex: { name: "the hex", fix: 'Pass the bytes, or decode it first: Buffer.from(body, "hex")' },
  bufferJson: {
    name: 'the JSON of a Buffer ({"type":"Buffer","data":[…]})',
    fix: "Pass the Buffer itself, or Buffer.from(body.data)",
  },
  bytesJson: {
    name: "the JSON of bytes (an array or an object of numbers)",
    fix: "Pass the Uint8Array itself, or Uint8Array.from(Object.values(body))",
  },
  numbers: {
    name: "the numbers (String(bytes))",
    fix: "Pass the Uint8Array itself, or its text: new TextDecoder().decode(bytes)",
  },
  utf16: { name: "the UTF-16", fix: "Pass the bytes as they arrived, or decode them as UTF-8" },
  spaced: {
    name: "the untrimmed text (spaces or line breaks around it)",
    fix: "Pass the body unchanged, or trim() it",
  },
  prefixed: {
    name: "the prefixed text (Bearer, a form field or a data URL)",
    fix: "Pass the token only",
  },
} as const satisfies Record<string, Conversion>;

interface Step {
  readonly conversion: Conversion;
  readonly inner: unknown;
}

/**
 * Describes a body that is not a token but was one: quoted, base64, hex, or bytes that became JSON. Describes
 * a JSON object and other values by their type. Returns `undefined` for other texts. The description never
 * contains the body.
 */
export function describeConverted(body: unknown): string | undefined {
  const names: string[] = [];
  const fixes: string[] = [];
  let value = body;
  for (let level = 0; level < mostLevels; level++) {
    const step = stepOf(value);
    if (step === undefined) break;
    names.push(step.conversion.name);
    fixes.push(step.conversion.fix);
    value = step.inner;
    if (typeof value === "string" && tokenPattern.test(value)) {
      return `It is ${names.join(" of ")} of a token. ${fixes[0]}`;
    }
  }
  const json = describeJson(body);
  return json === undefined ? undefined : `It is ${json}`;
}

function stepOf(value: unknown): Step | undefined {
  if (typeof value !== "string") return bytesStep(value);
  const trimmed = value.trim(); // also drops a byte order mark
  if (trimmed !== value && tokenPattern.test(trimmed))
    return { conversion: conversions.spaced, inner: trimmed };
  const found = jsonStep(trimmed);
  if (found !== undefined) return found;
  const decoders: [Conversion, (text: string) => string | undefined][] = [
    [conversions.prefixed, withoutPrefix],
    [conversions.utf16, withoutZeros],
    [conversions.numbers, fromNumbers],
    [conversions.hex, fromHex],
    [conversions.base64, fromBase64],
  ];
  for (const [conversion, decode] of decoders) {
    const inner = decode(trimmed);
    if (inner !== undefined) return { conversion, inner };
  }
  return undefined;
}

/** Steps into the JSON of a string, of a Buffer or of an array of bytes. */
function jsonStep(text: string): Step | undefined {
  if (!/^(?:".*"|'.*'|[{[].*[\]}])$/s.test(text)) return undefined;
  if (text.startsWith("'")) return { conversion: conversions.quoted, inner: text.slice(1, -1) };
  const value = parse(text);
  return typeof value === "string" ? { conversion: conversions.quoted, inner: value } : bytesStep(value);
}

/** Steps into an object that is the JSON of bytes. */
function bytesStep(value: unknown): Step | undefined {
  if (typeof value !== "object" || value === null || bytesOf(value) !== undefined) return undefined;
  const { type, data } = value as { type?: unknown; data?: unknown };
  if (type === "Buffer") {
    const text = fromList(Array.isArray(data) ? data : undefined);
    return text === undefined ? undefined : { conversion: conversions.bufferJson, inner: text };
  }
  // An object's numeric keys are in ascending order.
  const text = fromList(Array.isArray(value) ? value : Object.values(value));
  return text === undefined ? undefined : { conversion: conversions.bytesJson, inner: text };
}

function withoutPrefix(text: string): string | undefined {
  return /^(?:bearer\s+|[\w-]{1,64}=|data:application\/jwt,)(\S+)$/is.exec(text)?.[1];
}

// UTF-16 as UTF-8 or Latin-1 has a zero after each letter. Its byte order mark is invalid in UTF-8.
function withoutZeros(text: string): string | undefined {
  return text.includes("\0") ? text.replace(/[\0\uFFFD\xFE\xFF]/g, "") : undefined;
}

function fromNumbers(text: string): string | undefined {
  return /^\d{1,3}(?:,\d{1,3})+$/.test(text) ? fromList(text.split(",").map(Number)) : undefined;
}

// PostgreSQL prints bytes as `\x…`.
function fromHex(text: string): string | undefined {
  const digits = /^(?:0x|\\x)?((?:[0-9a-f]{2})+)$/i.exec(text)?.[1];
  return digits === undefined
    ? undefined
    : fromList(digits.match(/../g)?.map((pair) => Number.parseInt(pair, 16)));
}

function fromBase64(text: string): string | undefined {
  const data = text.replace(/^data:[\w./-]+;base64,/, "");
  const standard = data.replace(/\s/g, "").replaceAll("-", "+").replaceAll("_", "/");
  const unpadded = /^([A-Za-z0-9+/]{4,})={0,2}$/.exec(standard)?.[1];
  try {
    return unpadded === undefined ? undefined : globalThis.atob(unpadded);
  } catch {
    return undefined;
  }
}

function fromList(list: readonly unknown[] | undefined): string | undefined {
  if (list === undefined || list.length === 0) return undefined;
  const bytes = list.every(
    (byte) => typeof byte === "number" && Number.isInteger(byte) && byte >= 0 && byte < 256,
  );
  return bytes ? new TextDecoder("latin1").decode(Uint8Array.from(list as number[])) : undefined;
}

function describeJson(body: unknown): string | undefined {
  const text = typeof body === "string" ? body.trim() : undefined;
  if (text === "[object Object]") return "the text of an object (String(object))";
  if (text?.startsWith("<Buffer ")) return "a printed Buffer, which Node abbreviates. Pass the Buffer itself";
  const value = text === undefined ? body : /^[{[]/.test(text) ? parse(text) : undefined;
  if (typeof value !== "object" || value === null || bytesOf(value) !== undefined) return undefined;
  if (Array.isArray(value)) return "a JSON array, not a token";
  if (
    Object.entries(value)
      .flat()
      .some((part) => typeof part === "string" && tokenPattern.test(part))
  ) {
    return "an object that contains the token. Pass the token alone";
  }
  if ("intent" in value && "quarks" in value) {
    return "the claims of a token, without the signature that proves them";
  }
  if (Object.keys(value).length === 0) return "an empty JSON object: a body parser found no JSON";
  return "a JSON object, not a token: a body parser has parsed it, or the sender sent JSON";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
