import { VERIFIABLE_SUBDOMAIN } from "../../contract/numbers.js";
import { invalidArgument, permissionDenied, unauthenticated } from "../failure.js";
import { wellKnownKeys } from "../go/well-known-file.js";
import { domainNameProblem } from "./domain-name.js";

/** The response to a request for a well-known file. */
export interface WellKnownAnswer {
  readonly status: number;
  readonly body: string;
}

/** Fetches `https://<domain>/.well-known/code-payments.json`. */
export type FetchWellKnown = (url: string) => Promise<WellKnownAnswer>;

/**
 * Returns the base domain: the last two labels. A trailing dot counts as an empty label, so that `com.` is
 * its own base domain. Uppercase letters, underscores and colons are rejected, as in the strict
 * registration profile of IDNA.
 */
export function baseDomain(domain: string): string {
  const problem = domainNameProblem(domain);
  if (problem !== undefined) throw invalidArgument(`domain is invalid: ${problem}`);
  const labels = domain.split(".");
  if (labels.length < 2) throw invalidArgument("domain is invalid: value must have base domain and tld");
  return labels.slice(-2).join(".");
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

async function publicKeysOf(domain: string, fetchWellKnown: FetchWellKnown): Promise<readonly string[]> {
  if (domain.split(".").length > 2 && domain !== VERIFIABLE_SUBDOMAIN)
    throw new Error("subdomains cannot be verified");
  const { status, body } = await fetchWellKnown(`https://${domain}/.well-known/code-payments.json`);
  if (status !== 200) throw new Error(`http status ${status} returned`);
  return wellKnownKeys(body);
}
