/**
 * Returns the first value of a query parameter as Go reads it: a pair with a semicolon or a bad escape counts
 * as absent. `undefined` if the parameter is absent.
 */
export function queryValue(query: string, name: string): string | undefined {
  for (const pair of query.split("&")) {
    if (pair === "" || pair.includes(";")) continue;
    const [key, value] = pair.split(/=(.*)/s).map(unescaped);
    if (key === name && (value !== undefined || !pair.includes("="))) return value ?? "";
  }
  return undefined;
}

/** Decodes a part of a query. */
function unescaped(text: string): string | undefined {
  if (/%(?![0-9a-f]{2})/i.test(text)) return undefined;
  const bytes = Buffer.from(text.replaceAll("+", " "), "utf8").toString("latin1");
  const decoded = bytes.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(decoded, "latin1").toString("utf8");
}
