/** One member of a JSON object. */
export interface JsonMember {
  readonly value: unknown;
  /** The source text of the value without surrounding whitespace. It keeps every digit of a number. */
  readonly source: string;
}

// Matches the tokens of valid JSON: a string, a punctuator, or a number or literal.
const tokens = /"(?:[^"\\]+|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/**
 * Returns the members of a JSON object with the source text of each value, because a double cannot represent
 * every JSON integer above 2^53. Returns `undefined` unless the text is one JSON object, and also if a name
 * occurs twice: parsers disagree on which of the two is valid.
 */
export function readJsonObject(text: string): ReadonlyMap<string, JsonMember> | undefined {
  if (!isJsonObject(text)) return undefined;
  const members = new Map<string, JsonMember>();
  let depth = 0;
  let name: string | undefined;
  let start = -1;
  for (const { 0: token, index } of text.matchAll(tokens)) {
    const endsMember = depth === 1 && (token === "," || token === "}");
    if (endsMember && name !== undefined) {
      if (members.has(name)) return undefined;
      const source = text.slice(start, index).trim();
      members.set(name, { value: JSON.parse(source), source });
      name = undefined;
    } else if (depth === 1 && name === undefined && token.startsWith('"')) {
      name = JSON.parse(token) as string;
    } else if (depth === 1 && token === ":") {
      start = index + 1;
    }
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
  }
  return members;
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
