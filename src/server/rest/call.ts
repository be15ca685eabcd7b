/** The types and parsers that the REST calls share. */
import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { fromBase58 } from "../../lib/bytes.js";

/** The request of one call. */
export interface RestRequest {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly readBody: () => Promise<string>;
}

/** The response of one call, as JSON. */
export interface JsonResponse {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A failure that is sent as is. */
export class RestFailure extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(text);
    this.status = status;
  }
}

/**
 * Reads the body of a POST: an object with these text fields. Follows Go: names are case-insensitive, types
 * are checked before anything else, and null counts as absent.
 */
export async function readFields<Name extends string>(
  { method, readBody }: RestRequest,
  names: readonly Name[],
): Promise<{ readonly [N in Name]?: string }> {
  if (method !== "POST") throw new RestFailure(400, "http post expected");
  const fields = parseObject(await readBody());
  return Object.fromEntries(names.map((name) => [name, textOf(fields, name)])) as { [N in Name]?: string };
}

function parseObject(text: string): ReadonlyMap<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RestFailure(400, text.trim() === "" ? "EOF" : `invalid JSON: ${(error as Error).message}`);
  }
  if (typeof value !== "object" || Array.isArray(value))
    throw new RestFailure(400, "json: cannot unmarshal into an object");
  return new Map(Object.entries(value ?? {}).map(([name, field]) => [name.toLowerCase(), field]));
}

function textOf(fields: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const value = fields.get(name) ?? undefined;
  if (value !== undefined && typeof value !== "string")
    throw new RestFailure(400, `json: cannot unmarshal into field ${name} of type string`);
  return value;
}

/** Decodes base58 text. Throws `refusal` if the text is not base58 or has another length. */
export function base58Of(text: string | undefined, length: number, refusal: string): Uint8Array {
  const bytes = fromBase58(text ?? "");
  if (bytes?.length !== length) throw new RestFailure(400, refusal);
  return bytes;
}

/** Decodes a message from base64url without padding. */
export function messageOf<S extends DescMessage>(schema: S, text = ""): MessageShape<S> {
  // Go's decoder ignores line breaks and rejects padding.
  const encoded = text.replace(/[\r\n]/g, "");
  if (!/^[A-Za-z0-9_-]*$/.test(encoded) || encoded.length % 4 === 1) {
    throw new RestFailure(400, "message not valid base64");
  }
  try {
    return fromBinary(schema, new Uint8Array(Buffer.from(encoded, "base64url")));
  } catch {
    throw new RestFailure(400, `message bytes is not a ${schema.name}`);
  }
}
