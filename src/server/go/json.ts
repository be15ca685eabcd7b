/**
 * Reads JSON as Go's `encoding/json` does, which the original uses: its errors, members by name without
 * regard to case, and every member that comes twice.
 */
import { quoteCharacter } from "./quote.js";

/** A value of a JSON text. Numbers and literals keep no value, since no call reads them. */
export type GoValue =
  | { readonly type: "string"; readonly text: string }
  | { readonly type: "array"; readonly items: readonly GoValue[] }
  | { readonly type: "object"; readonly members: readonly (readonly [name: string, value: GoValue])[] }
  | { readonly type: "number" | "bool" | "null" };

// Go refuses deeper nesting.
const MAX_DEPTH = 10_000;

/**
 * Parses a JSON text.
 *
 * @param bytes UTF-8. Bytes that are not UTF-8 become U+FFFD inside texts, and are errors elsewhere.
 * @throws SyntaxError with Go's text
 */
export function parseGoJson(bytes: Uint8Array): GoValue {
  return new Parser(bytes).parse();
}

/** Returns whether a member has the name of a field, which is ASCII and in lowercase. */
export function isMember(name: string, field: string): boolean {
  // The long s and the Kelvin sign fold to ASCII letters; nothing else does.
  return name.replaceAll("\u017f", "s").replaceAll("\u212a", "k").toLowerCase() === field;
}

/** Thrown for a value of a type that its field cannot hold. */
export function typeError(value: GoValue, into: string): Error {
  return new Error(`json: cannot unmarshal ${value.type} into Go ${into}`);
}

interface OpenArray {
  readonly type: "array";
  readonly items: GoValue[];
}

interface OpenObject {
  readonly type: "object";
  readonly members: (readonly [string, GoValue])[];
  /** The name whose value comes next. */
  name: string;
}

class Parser {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  parse(): GoValue {
    // An explicit stack, because the sender chooses the depth.
    const open: (OpenArray | OpenObject)[] = [];
    for (;;) {
      let value = this.#value();
      if (value === "[" || value === "{") {
        if (open.length >= MAX_DEPTH) throw new SyntaxError("exceeded max depth");
        const container = value === "[" ? newArray() : newObject();
        if (!this.#isEmpty(container)) {
          open.push(container);
          continue;
        }
        value = container;
      }
      // Everything that ends with this value is complete.
      for (;;) {
        const container = open.at(-1);
        if (container === undefined) return this.#end(value);
        add(container, value);
        if (this.#hasMore(container)) break;
        value = container;
        open.pop();
      }
    }
  }

  #end(value: GoValue): GoValue {
    if (this.#peek() !== undefined) throw this.#unexpected("after top-level value");
    return value;
  }

  /** Returns the next byte that is not white space, as a character. */
  #peek(): string | undefined {
    while (this.#isSpace()) this.#at++;
    return this.#character();
  }

  #isSpace(): boolean {
    return [0x20, 0x09, 0x0a, 0x0d].includes(this.#bytes[this.#at] ?? 0);
  }

  #character(): string | undefined {
    const byte = this.#bytes[this.#at];
    return byte === undefined ? undefined : String.fromCharCode(byte);
  }

  #unexpected(where: string): SyntaxError {
    const character = this.#character();
    return character === undefined
      ? new SyntaxError("unexpected end of JSON input")
      : new SyntaxError(`invalid character ${quoteCharacter(character)} ${where}`);
  }

  /** Reads a value that is not a container, or the bracket that opens one. */
  #value(): GoValue | "[" | "{" {
    const character = this.#peek();
    switch (character) {
      case "[":
      case "{":
        this.#at++;
        return character;
      case '"':
        return { type: "string", text: this.#text() };
      case "t":
        return this.#literal("true", "bool");
      case "f":
        return this.#literal("false", "bool");
      case "n":
        return this.#literal("null", "null");
      default:
        if (character !== undefined && /[-0-9]/.test(character)) return this.#number();
        throw this.#unexpected("looking for beginning of value");
    }
  }

  /** Reads the end of an empty container, or the name of an object's first member. */
  #isEmpty(container: OpenArray | OpenObject): boolean {
    const isEmpty = this.#peek() === (container.type === "array" ? "]" : "}");
    if (isEmpty) this.#at++;
    else if (container.type === "object") this.#name(container);
    return isEmpty;
  }

  /** Reads what follows a value in a container: a comma, and a name in an object; or the end. */
  #hasMore(container: OpenArray | OpenObject): boolean {
    const character = this.#peek();
    if (character === ",") {
      this.#at++;
      if (container.type === "object") this.#name(container);
      return true;
    }
    if (character !== (container.type === "array" ? "]" : "}"))
      throw this.#unexpected(
        container.type === "array" ? "after array element" : "after object key:value pair",
      );
    this.#at++;
    return false;
  }

  #name(container: OpenObject): void {
    if (this.#peek() !== '"') throw this.#unexpected("looking for beginning of object key string");
    container.name = this.#text();
    if (this.#peek() !== ":") throw this.#unexpected("after object key");
    this.#at++;
  }

  #literal(word: string, type: "bool" | "null"): GoValue {
    for (const [index, expected] of [...word].entries()) {
      if (this.#character() !== expected)
        throw this.#unexpected(`in literal ${word} (expecting ${quoteCharacter(word[index] ?? "")})`);
      this.#at++;
    }
    return { type };
  }

  #number(): GoValue {
    if (this.#character() === "-") this.#at++;
    if (this.#character() === "0") this.#at++;
    else this.#digits("in numeric literal");
    if (this.#character() === ".") {
      this.#at++;
      this.#digits("after decimal point in numeric literal");
    }
    if (/[eE]/.test(this.#character() ?? "")) {
      this.#at++;
      if (/[-+]/.test(this.#character() ?? "")) this.#at++;
      this.#digits("in exponent of numeric literal");
    }
    return { type: "number" };
  }

  #digits(where: string): void {
    if (!/[0-9]/.test(this.#character() ?? "")) throw this.#unexpected(where);
    while (/[0-9]/.test(this.#character() ?? "")) this.#at++;
  }

  #text(): string {
    const start = this.#at++;
    for (;;) {
      const character = this.#character();
      if (character === undefined || character < " ") throw this.#unexpected("in string literal");
      this.#at++;
      if (character === '"') break;
      if (character === "\\") this.#escape();
    }
    const text = JSON.parse(new TextDecoder().decode(this.#bytes.subarray(start, this.#at))) as string;
    // Go has no lone surrogates.
    return text.replace(/\p{Surrogate}/gu, "\ufffd");
  }

  #escape(): void {
    const character = this.#character();
    if (character === undefined || !/["\\/bfnrtu]/.test(character))
      throw this.#unexpected("in string escape code");
    this.#at++;
    for (let digits = 0; character === "u" && digits < 4; digits++) {
      if (!/[0-9a-fA-F]/.test(this.#character() ?? ""))
        throw this.#unexpected("in \\u hexadecimal character escape");
      this.#at++;
    }
  }
}

function newArray(): OpenArray {
  return { type: "array", items: [] };
}

function newObject(): OpenObject {
  return { type: "object", members: [], name: "" };
}

function add(container: OpenArray | OpenObject, value: GoValue): void {
  if (container.type === "array") container.items.push(value);
  else container.members.push([container.name, value]);
}
