import { idnaProblem } from "../../contract/idna.js";
import { MAX_DOMAIN_LENGTH } from "../../contract/numbers.js";
import { quote } from "../go/quote.js";

/**
 * Returns why a name is not a domain name, in the words of the original, or `undefined` if it is one. Nothing
 * is mapped, so uppercase letters, underscores and colons are rejected.
 */
export function domainNameProblem(name: string): string | undefined {
  if (name === "") return "domain name is empty";
  if (new TextEncoder().encode(name).length > MAX_DOMAIN_LENGTH) return "domain name length exceeds limit";
  const problem = idnaProblem(name);
  if (problem === undefined) return undefined;
  if ("label" in problem) return `domain name is invalid: idna: invalid label ${quote(problem.label)}`;
  const codePoint = (problem.rune.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return `domain name is invalid: idna: disallowed rune U+${codePoint}`;
}
