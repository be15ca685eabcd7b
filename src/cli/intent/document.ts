import { CodeIntentsError, InputError } from "../../errors.js";
import type { Fee } from "../../intents/fees.js";
import type { Intent } from "../../intents/intent.js";
import type { LoginIntent } from "../../intents/login-intent.js";
import type { PaymentIntent } from "../../intents/payment-intent.js";
import type { VerifierKey } from "../../intents/signer.js";
import { CliError } from "../failure/errors.js";
import { failureOf } from "../failure/report.js";
import { sourceName } from "../io/inputs.js";
import { CLIENT_SECRET, missingSecret, readSecret } from "../io/secrets.js";
import type { Session } from "../session.js";
import { isIntentId, rejectLoneId } from "./id.js";

/** An intent of either kind. */
export type AnyIntent = PaymentIntent | LoginIntent;

/**
 * The JSON form of an intent, including its client secret: what `create --json` prints and `--output` writes.
 */
export interface IntentDocument {
  readonly id: string;
  readonly kind: string;
  readonly amount?: string;
  readonly currency?: string;
  readonly destination?: string;
  readonly fees?: readonly Fee[];
  readonly login?: { readonly domain: string; readonly verifier: string };
  readonly webhook?: { readonly url: string };
  readonly clientSecret: string;
}

/** Returns the document of an intent. */
export function documentOf(intent: AnyIntent): IntentDocument {
  const { id, login, webhook, clientSecret } = intent;
  const shared = {
    ...(login === undefined ? {} : { login }),
    ...(webhook === undefined ? {} : { webhook }),
    clientSecret,
  };
  if (!("destination" in intent)) return { id, kind: "login", ...shared };
  const { kind, amount, currency, destination, fees } = intent;
  return { id, kind, amount, currency, destination, ...(fees.length === 0 ? {} : { fees }), ...shared };
}

/** Options for reading a document. */
export interface ReadOptions {
  /** File with the client secret, for a document without one. */
  readonly clientSecretFile?: string | undefined;
  /** Signs for the verifier, of which the document has only the public key. */
  readonly verifier?: VerifierKey | undefined;
}

/** Reads a document from a file or standard input and rebuilds its intent. */
export async function readIntent(
  session: Session,
  source: string,
  options: ReadOptions = {},
): Promise<AnyIntent> {
  const value = await rejectLoneId(source, session.inputs.json(source, "the intent"));
  return rebuildIntent(session, value, source, options);
}

/** Returns the intent of a document, or `source` itself if it is an id. */
export async function readIntentOrId(
  session: Session,
  source: string,
  options: ReadOptions,
): Promise<AnyIntent | string> {
  return isIntentId(source) ? source : readIntent(session, source, options);
}

/** Rebuilds the intent of a parsed document. */
export async function rebuildIntent(
  session: Session,
  value: unknown,
  source: string,
  { clientSecretFile, verifier }: ReadOptions = {},
): Promise<AnyIntent> {
  const [{ PaymentIntent }, { LoginIntent }] = await Promise.all([
    import("../../intents/payment-intent.js"),
    import("../../intents/login-intent.js"),
  ]);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw noDocument(source);
  // The builders below check the types.
  const document = value as Partial<IntentDocument>;
  const { id, kind, login, webhook, destination } = document;
  if (id === undefined && destination === undefined && login === undefined) throw noDocument(source);
  const clientSecret = document.clientSecret ?? (await readSecret(session, CLIENT_SECRET, clientSecretFile));
  if (clientSecret === undefined) throw missingSecret(CLIENT_SECRET);
  const signed = login && { ...login, verifier: verifier ?? login.verifier };
  const shared = { clientSecret, webhook, ...(id === undefined ? {} : { expectedId: id }) };
  try {
    if (kind === "login") return LoginIntent.fromClientSecret({ ...shared, login: signed } as never);
    const { amount, currency, fees } = document;
    const details = { amount, currency, destination, fees: fees?.length === 0 ? undefined : fees };
    return PaymentIntent.fromClientSecret({ ...shared, ...details, kind, login: signed } as never);
  } catch (error) {
    throw inDocument(error, source);
  }
}

/** Returns whether an intent requests only a login. */
export function isLogin(intent: Intent): intent is LoginIntent {
  return !("destination" in intent);
}

function noDocument(source: string): CliError {
  return new CliError("unusable_input", `${sourceName(source)} does not contain an intent`, {
    hint: "Pass the output of `code-intents create --json`, or the file that --output wrote.",
  });
}

/** Rewords an error whose field is a member of a document, not an option. */
function inDocument(error: unknown, source: string): unknown {
  if (!(error instanceof CodeIntentsError)) return error;
  const { hint, exitCode, code } = failureOf(error);
  const message = error instanceof InputError ? error.message : error.message.replace(/^expectedId: /, "");
  return new CliError(code as CliError["code"], `${sourceName(source)}: ${message}`, { exitCode, hint });
}
