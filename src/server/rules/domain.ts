import { MAX_DOMAIN_LENGTH, VERIFIABLE_SUBDOMAIN } from "../../contract/numbers.js";
import { invalidArgument, permissionDenied, unauthenticated } from "../failure.js";
import { idnaProblem } from "./idna.js";

/** The response to a request for a well-known file. */
export interface WellKnownAnswer {
  readonly status: number;
  readonly body: string;
}

/** Fetches `https://<domain>/.well-known/code-payments.json`. */
export type FetchWellKnown = (url: string) => Promise<WellKnownAnswer>;

/**
 * Returns the base domain: the last two labels, in lowercase. Uppercase letters, underscores and colons are
 * rejected, as in the strict registration profile of IDNA.
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

/** Checks in the domain's well-known file that a verifier owns the domain. Throws if it does not. */
export async function checkOwnership(
  domain: string,
  verifier: string,
  fetchWellKnown: FetchWellKnown,
): Promise<void> {
  if (!(await isOwner(verifier, domain, fetchWellKnown))) {
    throw permissionDenied(`${verifier} does not own domain ${baseDomain(domain)}`);
  }
}

/** Returns whether the well-known file of a domain lists a verifier. Throws if the file cannot be read. */
export async function isOwner(
  verifier: string,
  domain: string,
  fetchWellKnown: FetchWellKnown,
): Promise<boolean> {
  const owners = await publicKeysOf(domain, fetchWellKnown).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    // The typo is in the real sequencer's text.
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

/** Reads the file like Go: an absent or null list is empty, and unexpected types are an error. */
function publicKeysIn(file: unknown): readonly unknown[] {
  if (file === null) return [];
  if (typeof file !== "object" || Array.isArray(file)) throw new Error("json: not an object");
  const keys = (file as { public_keys?: unknown }).public_keys ?? [];
  if (!Array.isArray(keys) || keys.some((key) => typeof key !== "string")) {
    throw new Error("json: public_keys is not a list of strings");
  }
  return keys;
}
