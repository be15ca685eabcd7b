/** An object with bigints that `JSON.stringify` can write. */
export type JsonSafe<T> = T & { toJSON(): AsText<T> };

type AsText<T> = { readonly [Name in keyof T]: T[Name] extends bigint ? string : T[Name] };

/**
 * Adds a `toJSON` to an object with bigints, so that `JSON.stringify` writes them as decimal text. If it is
 * enumerable, a copy by spread has it too, and `structuredClone` rejects the object.
 */
export function jsonSafe<T extends object>(value: T, enumerable = false): JsonSafe<T> {
  return Object.defineProperty(value, "toJSON", {
    value: bigintsAsText,
    configurable: true,
    enumerable,
  }) as JsonSafe<T>;
}

function bigintsAsText(this: object): object {
  const entries = Object.entries(this)
    .filter(([name]) => name !== "toJSON")
    .map(([name, value]) => [name, typeof value === "bigint" ? String(value) : value]);
  return Object.fromEntries(entries);
}
