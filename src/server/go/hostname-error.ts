import { MAX_LABEL_LENGTH } from "../../contract/numbers.js";
import { quote } from "./quote.js";

/**
 * Returns why the original's validator rejects a hostname, or `undefined` if it does not say. Labels are
 * checked in their order, and each for its length first, which is counted in bytes.
 */
export function hostnameErrorText(host: string): string | undefined {
  for (const label of host.replace(/\.$/, "").toLowerCase().split(".")) {
    const length = new TextEncoder().encode(label).length;
    if (length === 0 || length > MAX_LABEL_LENGTH)
      return "hostname part must be non-empty and cannot exceed 63 characters";
    if (label.startsWith("-")) return "hostname parts cannot begin with hyphens";
    if (label.endsWith("-")) return "hostname parts cannot end with hyphens";
    const wrong = [...label].find((character) => !/[a-z0-9-]/.test(character));
    if (wrong !== undefined)
      return `hostname parts can only contain alphanumeric characters or hyphens, got ${quote(wrong)}`;
  }
  return undefined;
}
