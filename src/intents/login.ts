import { InputError } from "../errors.js";
import { equalBytes } from "../lib/bytes.js";
import { checkOptions } from "../lib/options.js";
import { checkDomain } from "./domain.js";
import { type CheckedVerifier, readSigningVerifier, readVerifier, type VerifierKey } from "./signer.js";

/** Who asks people to log in. */
export interface LoginOption {
  /** Base domain such as `example.com`, whose `/.well-known/code-payments.json` lists the verifier's public key. */
  readonly domain: string;
  /**
   * The domain's key: what signs, or, where nothing is signed (in a browser), its public key in base58. With `signers` also
   * where something is.
   */
  readonly verifier: VerifierKey;
}

/** What an intent shows of its login. */
export interface Login {
  /** Base domain. */
  readonly domain: string;
  /** Public key of the verifier, base58. */
  readonly verifier: string;
}

/** {@link LoginOption}, checked. */
export interface CheckedLogin {
  readonly domain: string;
  readonly verifier: CheckedVerifier;
}

/** Reads the `login` option, and takes the key of its verifier from the official client's `signers` where it is there. */
export function checkLogin(login: unknown, signers: unknown): CheckedLogin {
  checkOptions(login, "login", ["domain", "verifier"]);
  const domain = checkDomain(login.domain, "login.domain");
  const verifier = readVerifier(login.verifier, "login.verifier");
  const keys = checkSigners(signers);
  const key = keys.find(({ publicKey }) => equalBytes(publicKey, verifier.publicKey));
  return { domain, verifier: verifier.sign === undefined && key !== undefined ? key : verifier };
}

/** Reads the official client's list of keys, of which only the verifier's is ever used. */
export function checkSigners(signers: unknown): readonly CheckedVerifier[] {
  if (signers === undefined) return [];
  if (!Array.isArray(signers))
    throw new InputError(
      "invalid_option",
      "signers",
      "must be a list of signers; login.verifier takes one directly",
    );
  return signers.map((signer, index) => readSigningVerifier(signer, `signers[${index}]`));
}
