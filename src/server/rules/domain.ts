import { MAX_DOMAIN_LENGTH, VERIFIABLE_SUBDOMAIN } from "../../contract/numbers.js";
import { invalidArgument, permissionDenied, unauthenticated } from "../failure.js";
import { idnaProblem } from "./idna.js";

/** What a fetch of a well-known file brought back. */
export interface WellKnownAnswer {
  readonly status: number;
  readonly body: string;
}

/** Fetches `https://<domain>/.well-known/code-payments.json`. */
export type FetchWellKnown = (url: string) => Promise<WellKnownAnswer>;

/**
 * The base domain: the last two labels, lower case. Upper case, underscores and colons are refused, as the strict
 * registration profile of IDNA refuses them.
 */
export function baseDomain(domain: string): string {
  const problem = domainProblem(domain);
  if (problem !== undefined) throw invalidArgument(`domain is invalid: ${problem}`);
  return domain.replace(/\.$/, "").split(".").slice(-2).join(".");
}

function domainProblem(domain: string): string | undefined {
  if (domain === "") return "domain name is empty";
  if (domain.length > MAX_DOMAIN_LENGTH) return "domain name length exceeds limit";
  const problem = idnaProblem(domain);
  if (problem !== undefined) return `domain name is invalid: ${problem}`;
  const labels = domain.replace(/\.$/, "").split(".");
  return labels.length < 2 ? "value must have base domain and tld" : undefined;
}

/** Shows that a verifier owns a domain, by the domain's well-known file; throws where it does not. */
export async function checkOwnership(
  domain: string,
  verifier: string,
  fetchWellKnown: FetchWellKnown,
): Promise<void> {
  if (!(await isOwner(verifier, domain, fetchWellKnown))) {
    throw permissionDenied(`${verifier} does not own domain ${baseDomain(domain)}`);
  }
}

/** Whether the well-known file of a domain lists a verifier; throws where that cannot be found out. */
export async function isOwner(
  verifier: string,
  domain: string,
  fetchWellKnown: FetchWellKnown,
): Promise<boolean> {
  const owners = await publicKeysOf(domain, fetchWellKnown).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    // Spelled as the original spells it.
    throw unauthenticated(`error veryfing domain ownership: ${why}`);
  });
  return owners.includes(verifier);
}

async function publicKeysOf(domain: string, fetchWellKnown: FetchWellKnown): Promise<readonly unknown[]> {
  const name = domain.replace(/\.$/, "");
  if (name.split(".").length > 2 && name !== VERIFIABLE_SUBDOMAIN)
    throw new Error("subdomains cannot be verified");
  const { status, body } = await fetchWellKnown(
    `https://${baseDomain(domain)}/.well-known/code-payments.json`,
  );
  if (status !== 200) throw new Error(`http status ${status} returned`);
  return publicKeysIn(JSON.parse(body));
}

/** As Go reads the file: absence and null are an empty list, and other types than expected an error. */
function publicKeysIn(file: unknown): readonly unknown[] {
  if (file === null) return [];
  if (typeof file !== "object" || Array.isArray(file)) throw new Error("json: not an object");
  const keys = (file as { public_keys?: unknown }).public_keys ?? [];
  if (!Array.isArray(keys) || keys.some((key) => typeof key !== "string")) {
    throw new Error("json: public_keys is not a list of strings");
  }
  return keys;
}
