import { type Command, Option } from "commander";
import type { VerifierKey } from "../../intents/signer.js";
import { CliError, secretOnCommandLine } from "../failure/errors.js";
import { type Inputs, sourceName } from "./inputs.js";

/** The part of a session that reads secrets. */
interface SecretContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly inputs: Pick<Inputs, "text">;
}

/** Where a secret is read from. It is never an argument. */
export interface SecretSource {
  /** Name of the secret in help and errors. */
  readonly what: string;
  /** Environment variable that contains it. */
  readonly variable: string;
  /** Option that names a file with it. */
  readonly flag: string;
}

/** The secret that makes idempotency keys unguessable. */
export const IDEMPOTENCY_SECRET: SecretSource = {
  what: "the idempotency secret",
  variable: "CODE_IDEMPOTENCY_SECRET",
  flag: "--idempotency-secret-file",
};

/** The secret that rebuilds an intent. */
export const CLIENT_SECRET: SecretSource = {
  what: "the client secret",
  variable: "CODE_CLIENT_SECRET",
  flag: "--client-secret-file",
};

/** The key that signs logins for a domain. */
export const VERIFIER_KEY: SecretSource = {
  what: "the verifier's key",
  variable: "CODE_VERIFIER_KEY",
  flag: "--verifier-file",
};

/** The token for the wallet and control services of an emulator. */
export const CONTROL_TOKEN: SecretSource = {
  what: "the control token",
  variable: "CODE_CONTROL_TOKEN",
  flag: "--control-token-file",
};

/** The key that signs the webhooks of an emulator. */
export const SIGNING_KEY: SecretSource = {
  what: "the signing key of webhooks",
  variable: "CODE_WEBHOOK_SIGNING_KEY",
  flag: "--signing-key-file",
};

/** Adds the option for the file of a secret. */
export function addSecretOption(command: Command, { what, variable, flag }: SecretSource, note = ""): void {
  command.addOption(
    new Option(`${flag} <path>`, `file with ${what}${note}; - for standard input (env: ${variable})`),
  );
}

/** Reads a secret. A file takes precedence over the environment. Returns `undefined` if neither is given. */
export async function readSecret(
  session: SecretContext,
  { what, variable }: SecretSource,
  path: string | undefined,
): Promise<string | undefined> {
  const text = path === undefined ? session.env[variable] : await session.inputs.text(path, what);
  if (path === undefined && (text === undefined || text === "")) return undefined;
  if (text !== undefined && text !== "") return text;
  throw new CliError("unusable_input", `${what} from ${sourceName(path ?? "-")} is empty`);
}

/** Reads a key like {@link readSecret}: a JSON array of 64 bytes, as in Solana's key files, or base58. */
export async function readKey(
  session: SecretContext,
  source: SecretSource,
  path: string | undefined,
): Promise<VerifierKey | undefined> {
  const text = await readSecret(session, source, path);
  return text === undefined
    ? undefined
    : keyOf(text, `${source.what} from ${path === undefined ? source.variable : sourceName(path)}`);
}

/**
 * Parses a key: a JSON array of 64 bytes, as in Solana's key files, or base58. The error does not contain it.
 */
export function keyOf(text: string, name: string): VerifierKey {
  if (!text.startsWith("[")) return text;
  try {
    return JSON.parse(text) as VerifierKey;
  } catch {
    throw new CliError("unusable_input", `${name} is not a JSON array of 64 bytes`);
  }
}

/** Returns the error for a missing secret. */
export function missingSecret({ what, variable, flag }: SecretSource): CliError {
  return new CliError("usage", `${what} is missing`, { hint: remedyOf({ what, variable, flag }) });
}

function remedyOf({ variable, flag }: SecretSource): string {
  return `Set ${variable}, or pass a file with ${flag}.`;
}

// Options that users try. No command has them.
const tried: Readonly<Record<string, SecretSource>> = {
  "--client-secret": CLIENT_SECRET,
  "--control-token": CONTROL_TOKEN,
  "--idempotency-secret": IDEMPOTENCY_SECRET,
  "--key": VERIFIER_KEY,
  "--private-key": VERIFIER_KEY,
  "--secret-key": VERIFIER_KEY,
  "--signing-key": SIGNING_KEY,
  "--verifier": VERIFIER_KEY,
  "--verifier-key": VERIFIER_KEY,
};

/** Returns the error for an option that would show a secret in `ps` and in the shell's history. */
export function secretFlag(flag: string): CliError | undefined {
  const source = Object.hasOwn(tried, flag) ? tried[flag] : undefined;
  return source && secretOnCommandLine(source.what, remedyOf(source));
}
