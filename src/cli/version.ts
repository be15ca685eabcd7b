import { readFileSync } from "node:fs";

/** The version of the package that this file is part of. */
export function version(): string {
  // From dist/cli/, as from src/cli/.
  return JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version;
}
