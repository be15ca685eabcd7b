/** The types and parsers that the REST calls share. */
import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";
import { fromBase58 } from "../../lib/bytes.js";
import { type GoValue, isMember, parseGoJson, typeError } from "../go/json.js";
import { quote } from "../go/quote.js";
import { incoming } from "../rpc/message-bytes.js";

/** The request of one call. */
export interface RestRequest {
  readonly method: string;
  /** The query without its question mark, as written. */
  readonly query: string;
  readonly readBody: () => Promise<Uint8Array>;
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

/** A text field of a body. With `*`, null takes the text away again; otherwise null leaves it. */
export type BodyField<Name extends string> = Name | `*${Name}`;

/**
 * Reads the body of a POST: an object with these text fields, in the order of the original's struct. Follows
 * Go: names are case-insensitive, the last of several counts, and the first value of a wrong type is reported
 * after all were read.
 */
export async function readFields<Name extends string>(
  { method, readBody }: RestRequest,
  fields: readonly BodyField<Name>[],
): Promise<{ readonly [N in Name]?: string }> {
  if (method !== "POST") throw new RestFailure(400, "http post expected");
  const bytes = await readBody();
  try {
    return fieldsOf(parseGoJson(bytes), fields);
  } catch (error) {
    throw new RestFailure(400, (error as Error).message);
  }
}

function fieldsOf<Name extends string>(
  body: GoValue,
  fields: readonly BodyField<Name>[],
): { readonly [N in Name]?: string } {
  const texts: { [N in Name]?: string } = {};
  if (body.type === "null") return texts;
  if (body.type !== "object") throw typeError(body, `value of type ${structText(fields)}`);
  let failure: Error | undefined;
  for (const [member, value] of body.members) {
    const field = fields.find((candidate) => isMember(member, candidate.replace("*", "")));
    if (field === undefined) continue;
    const name = field.replace("*", "") as Name;
    if (value.type === "string") texts[name] = value.text;
    else if (value.type !== "null") failure ??= typeError(value, `struct field .${name} of type string`);
    else if (field.startsWith("*")) delete texts[name];
  }
  if (failure !== undefined) throw failure;
  return texts;
}

/** Returns the original's anonymous struct, which its error names. */
function structText(fields: readonly string[]): string {
  const members = fields.map((field) => {
    const name = field.replace("*", "");
    const type = field.startsWith("*") ? "*string" : "string";
    return `${name.charAt(0).toUpperCase()}${name.slice(1)} ${type} ${quote(`json:"${name}"`)}`;
  });
  return `struct { ${members.join("; ")} }`;
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
    return fromBinary(schema, incoming(schema, new Uint8Array(Buffer.from(encoded, "base64url"))));
  } catch {
    throw new RestFailure(400, `message bytes is not a ${schema.name}`);
  }
}
