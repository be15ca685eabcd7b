import { type Command, Option } from "commander";
import type { VerifierKey } from "../../intents/signer.js";
import { CliError, secretOnCommandLine } from "../failure/errors.js";
import { type Inputs, sourceName } from "./inputs.js";

/** Where secrets are read from; a session fits. */
interface SecretContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly inputs: Pick<Inputs, "text">;
}

/** A secret: where it comes from, as it is never an argument. */
export interface SecretSource {
  /** What it is, in words. */
  readonly what: string;
  /** Variable of the environment. */
  readonly variable: string;
  /** Option that names a file. */
  readonly flag: string;
}

/** Makes idempotency keys unguessable. */
export const IDEMPOTENCY_SECRET: SecretSource = {
  what: "the idempotency secret",
  variable: "CODE_IDEMPOTENCY_SECRET",
  flag: "--idempotency-secret-file",
};

/** Rebuilds an intent. */
export const CLIENT_SECRET: SecretSource = {
  what: "the client secret",
  variable: "CODE_CLIENT_SECRET",
  flag: "--client-secret-file",
};

/** Signs logins for a domain. */
export const VERIFIER_KEY: SecretSource = {
  what: "the verifier's key",
  variable: "CODE_VERIFIER_KEY",
  flag: "--verifier-file",
};

/** Opens the wallet and control services of an emulator. */
export const CONTROL_TOKEN: SecretSource = {
  what: "the control token",
  variable: "CODE_CONTROL_TOKEN",
  flag: "--control-token-file",
};

/** Signs the webhooks of an emulator. */
export const SIGNING_KEY: SecretSource = {
  what: "the key that signs webhooks",
  variable: "CODE_WEBHOOK_SIGNING_KEY",
  flag: "--signing-key-file",
};

/** Adds the option that names the file of a secret. */
export function addSecretOption(command: Command, { what, variable, flag }: SecretSource, note = ""): void {
  command.addOption(new Option(`${flag} <path>`, `${what}${note}, in a file or - (or ${variable})`));
}

/** The text of a secret, `undefined` where none is given. A file goes before the environment. */
export async function readSecret(
  session: SecretContext,
  { what, variable }: SecretSource,
  path: string | undefined,
): Promise<string | undefined> {
  const text = path === undefined ? session.env[variable] : await session.inputs.text(path, what);
  if (path === undefined && (text === undefined || text === "")) return undefined;
  if (text !== undefined && text !== "") return text;
  throw new CliError("unusable_input", `${what}, from ${sourceName(path ?? "-")}, is empty`);
}

/** As {@link readSecret}, as a key: Solana's key file, which is a JSON array of 64 bytes, or base58. */
export async function readKey(
  session: SecretContext,
  source: SecretSource,
  path: string | undefined,
): Promise<VerifierKey | undefined> {
  const text = await readSecret(session, source, path);
  return text === undefined
    ? undefined
    : keyOf(text, `${source.what}, from ${path === undefined ? source.variable : sourceName(path)}`);
}

/** A key of its text: Solana's JSON array of 64 bytes, or base58. The error never shows the text. */
export function keyOf(text: string, name: string): VerifierKey {
  if (!text.startsWith("[")) return text;
  try {
    return JSON.parse(text) as VerifierKey;
  } catch {
    throw new CliError("unusable_input", `${name}, is not a JSON array of 64 bytes`);
  }
}

/** The error for a secret that is not there. */
export function missingSecret({ what, variable, flag }: SecretSource): CliError {
  return new CliError("usage", `${what} is missing`, { hint: remedyOf({ what, variable, flag }) });
}

function remedyOf({ variable, flag }: SecretSource): string {
  return `Set ${variable}, or name a file with ${flag}.`;
}

// Options that people try. No command has them.
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

/** The refusal of an option that would put a secret where `ps` and the shell's history show it. */
export function secretFlag(flag: string): CliError | undefined {
  const source = Object.hasOwn(tried, flag) ? tried[flag] : undefined;
  return source && secretOnCommandLine(source.what, remedyOf(source));
}
