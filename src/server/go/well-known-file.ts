import { type GoValue, isMember, parseGoJson, typeError } from "./json.js";

const FIELD = "public_keys";
const STRUCT = "responseBody";

/**
 * Returns the public keys of a well-known file, read as the original reads it: the last of several lists
 * wins, null in place of the file or the list is an empty list, and a null item is an empty text.
 *
 * @throws Error with Go's text
 */
export function wellKnownKeys(body: string): readonly string[] {
  const file = parseGoJson(new TextEncoder().encode(body));
  if (file.type === "null") return [];
  if (file.type !== "object") throw typeError(file, `value of type thirdparty.${STRUCT}`);
  const keys = new GoTexts();
  for (const [name, value] of file.members) if (isMember(name, FIELD)) keys.read(value);
  return keys.texts();
}

/**
 * A list of texts that several members fill one after the other, as Go fills a slice: null leaves the text
 * that stands at its place.
 */
class GoTexts {
  /** Keeps what a shorter list leaves behind. */
  #memory: string[] = [];
  #length = 0;
  #failure: Error | undefined;

  read(value: GoValue): void {
    if (value.type === "array") this.#fill(value.items);
    else if (value.type === "null") this.#fill([]);
    else this.#fail(typeError(value, `struct field ${STRUCT}.${FIELD} of type []string`));
  }

  #fill(items: readonly GoValue[]): void {
    if (items.length === 0) this.#memory = [];
    this.#length = items.length;
    for (const [index, item] of items.entries()) {
      if (item.type === "string") this.#memory[index] = item.text;
      else {
        this.#memory[index] ??= "";
        if (item.type !== "null")
          this.#fail(typeError(item, `struct field ${STRUCT}.${FIELD} of type string`));
      }
    }
  }

  texts(): readonly string[] {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#memory.slice(0, this.#length);
  }

  /** Go goes on after a value of the wrong type, and reports the first. */
  #fail(failure: Error): void {
    this.#failure ??= failure;
  }
}
