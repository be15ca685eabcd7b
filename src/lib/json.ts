/**
 * Lets `JSON.stringify` serialize an object with bigints: as decimal text. Adds a `toJSON` that is not
 * enumerable, so a copy by spread does not have it.
 */
export function jsonSafe<T extends object>(value: T): T {
  return Object.defineProperty(value, "toJSON", { value: bigintsAsText });
}

function bigintsAsText(this: object): object {
  const entries = Object.entries(this).map(([name, value]) => [
    name,
    typeof value === "bigint" ? String(value) : value,
  ]);
  return Object.fromEntries(entries);
}
