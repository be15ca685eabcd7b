import { InputError } from "../errors.js";
import { equalBytes } from "../lib/bytes.js";
import { checkOptions } from "../lib/options.js";
import { checkDomain } from "./domain.js";
import { type CheckedVerifier, readSigningVerifier, readVerifier, type VerifierKey } from "./signer.js";

/** Options of a login request. */
export interface LoginOption {
  /**
   * Base domain such as `example.com`. Its `/.well-known/code-payments.json` lists the verifier's public key.
   */
  readonly domain: string;
  /**
   * The domain's key. Pass a key that can sign, or only its public key in base58 if nothing is signed (in a
   * browser) or if `signers` has the key.
   */
  readonly verifier: VerifierKey;
}

/** The public part of an intent's login. */
export interface Login {
  /** Base domain. */
  readonly domain: string;
  /** Public key of the verifier, base58. */
  readonly verifier: string;
}

/** A validated {@link LoginOption}. */
export interface CheckedLogin {
  readonly domain: string;
  readonly verifier: CheckedVerifier;
}

/**
 * Reads the `login` option. Takes the verifier's key from the official client's `signers` if it is listed
 * there.
 */
export function checkLogin(login: unknown, signers: unknown): CheckedLogin {
  checkOptions(login, "login", ["domain", "verifier"]);
  const domain = checkDomain(login.domain, "login.domain");
  const verifier = readVerifier(login.verifier, "login.verifier");
  const keys = checkSigners(signers);
  const key = keys.find(({ publicKey }) => equalBytes(publicKey, verifier.publicKey));
  return { domain, verifier: verifier.sign === undefined && key !== undefined ? key : verifier };
}

/** Reads the official client's list of keys. Only the verifier's key is used. */
export function checkSigners(signers: unknown): readonly CheckedVerifier[] {
  if (signers === undefined) return [];
  if (!Array.isArray(signers))
    throw new InputError(
      "invalid_option",
      "signers",
      "must be a list of signers; you can also pass the key as login.verifier",
    );
  return signers.map((signer, index) => readSigningVerifier(signer, `signers[${index}]`));
}
