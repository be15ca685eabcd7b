import { type Command, InvalidArgumentError, Option } from "commander";
import { RegistrationUnknownError, SequencerError } from "../../errors.js";
import type { Fee } from "../../intents/fees.js";
import { addCommand, completeCommand } from "../command.js";
import { CliError, usageError } from "../failure/errors.js";
import { intentDetails } from "../intent/details.js";
import { type AnyIntent, documentOf, readIntent } from "../intent/document.js";
import { type KeptIntent, keepIntent, withNextStep } from "../intent/kept.js";
import {
  addSecretOption,
  IDEMPOTENCY_SECRET,
  missingSecret,
  readKey,
  readSecret,
  VERIFIER_KEY,
} from "../io/secrets.js";
import { addSequencerOptions, type SequencerOptions, withClient } from "../options/sequencer.js";
import { addWebhookOptions, readWebhook, type WebhookOptions } from "../options/webhook.js";
import type { Session } from "../session.js";
import { drawScanCode, fitsScanCode, MIN_SCAN_CODE_WIDTH } from "../terminal/scan-code.js";

interface CreateOptions extends SequencerOptions, WebhookOptions {
  readonly destination?: string;
  readonly amount?: string;
  readonly currency?: string;
  readonly fee?: readonly Fee[];
  readonly idempotencyKey?: string;
  readonly idempotencySecretFile?: string;
  readonly loginDomain?: string;
  readonly verifierFile?: string;
  readonly from?: string;
  readonly output?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

/** `code-intents create` */
export function addCreate(parent: Command, session: Session): void {
  const command = addCommand(parent, "create", "Build a payment intent and register it with the sequencer");
  command
    .option("--destination <account>", "token account to pay, base58")
    .option("--amount <decimal>", "amount in the main unit of the currency, such as 2.50")
    .option("--currency <code>", "currency code, such as usd or kin")
    .addOption(
      new Option(
        "--fee <account:bps>",
        "fee for another account, in basis points; repeatable, up to three",
      ).argParser(readFee),
    )
    .option("--idempotency-key <text>", "name of the order; the same key gives the same intent");
  addSecretOption(command, IDEMPOTENCY_SECRET);
  addWebhookOptions(command, "when the intent is paid");
  command.option("--login-domain <domain>", "also request a login at this domain");
  addSecretOption(command, VERIFIER_KEY, " for that domain");
  command
    .option("--from <path>", "file written by --output or --json, to create again; - for standard input")
    .option("--output <path>", "write the intent to a file before sending anything")
    .option("--force", "overwrite the file of --output")
    .option("--dry-run", "build and show the intent without registering it");
  addSequencerOptions(command);
  completeCommand<CreateOptions>(command, {
    session,
    notes: [
      "The file of --output and the output of --json contain the client secret, which `watch` and other commands need. " +
        "It reveals the intent's private key, so pass it only to the payer's browser. Only you can read the file.",
    ],
    examples: [
      {
        line: "code-intents create --destination E8otxw1C... --amount 2.50 --currency usd \\\n    --output intent.json",
        does: "save the intent, register it and show its scan code",
      },
      {
        line: "code-intents create --destination E8otxw1C... --amount 2.50 --currency usd \\\n    --json | code-intents watch -",
        does: "register an intent and wait until it is paid",
      },
      {
        line: "code-intents create --from intent.json",
        does: "try again after a crash; the same intent is not created twice",
      },
    ],
    run: (_, options) => create(session, options),
  });
}

async function create(session: Session, options: CreateOptions): Promise<void> {
  const intent = options.from === undefined ? await build(session, options) : await again(session, options);
  const document = documentOf(intent);
  const { output, force = false, dryRun = false } = options;
  if (!dryRun) requireKeptSecret(session, options);
  if (intent.login !== undefined) await intent.signAsync();
  const kept = keptIn(options);
  if (kept !== undefined && output !== undefined) await keepIntent(session, document, kept, force);
  const printIntent = (registered: boolean | null): void => {
    const heading =
      registered === null ? "Possibly registered" : registered ? "Registered" : "Built, not registered";
    session.result({ ...document, registered }, () =>
      session.details(heading, [...intentDetails(session.out, intent), ["saved in", output]]),
    );
  };
  try {
    if (!dryRun) await withClient(session, options, (code) => register(session, code, intent));
  } catch (error) {
    // The intent can be paid, or may be. Without the output, the caller could not watch it.
    if (error instanceof RegistrationUnknownError) printIntent(null);
    else if (error instanceof SequencerError && error.code === "webhook_refused") printIntent(true);
    throw kept === undefined ? error : withNextStep(error, kept);
  }
  printIntent(!dryRun);
  if (session.json) return;
  if (fitsScanCode(session.out)) {
    session.out.line();
    await drawScanCode(session.out, intent.payload);
  }
  printNextSteps(session, intent, kept, options);
}

/** Rejects options with which the client secret would be lost. Without it, no one can watch the intent. */
function requireKeptSecret({ json }: Session, { output, from, idempotencyKey }: CreateOptions): void {
  if (json || output !== undefined || from !== undefined || idempotencyKey !== undefined) return;
  throw usageError(
    "the client secret of this intent would be lost, and watching the payment requires it",
    "Pass a file with --output, or pass --json and save the output.",
  );
}

function keptIn({ output, from, verifierFile }: CreateOptions): KeptIntent | undefined {
  const path = output ?? from;
  if (path === undefined || path === "-") return undefined;
  const signed = verifierFile === undefined ? "" : ` --verifier-file ${verifierFile}`;
  return { path, createCommand: `code-intents create --from ${path}${signed}` };
}

async function register(
  session: Session,
  code: import("../../client/client.js").CodeClient,
  intent: AnyIntent,
): Promise<void> {
  const options = { signal: session.signals.aborted };
  if ("destination" in intent) await code.paymentIntents.create(intent, options);
  else await code.loginIntents.create(intent, options);
}

async function build(session: Session, options: CreateOptions): Promise<AnyIntent> {
  const { destination, amount, currency, fee: fees, idempotencyKey, loginDomain: domain } = options;
  const [{ PaymentIntent }, idempotencySecret, webhook] = await Promise.all([
    import("../../intents/payment-intent.js"),
    readSecret(session, IDEMPOTENCY_SECRET, options.idempotencySecretFile),
    readWebhook(session, options),
  ]);
  requireDetails(options);
  if (idempotencyKey !== undefined && idempotencySecret === undefined) {
    session.warn(
      "anyone who guesses the idempotency key can derive the intent's private key and register first with another " +
        `destination. Set ${IDEMPOTENCY_SECRET.variable} to at least 32 random bytes, and never change it.`,
    );
  }
  if (domain === undefined && options.verifierFile !== undefined)
    throw usageError("--verifier-file requires --login-domain");
  const login = domain === undefined ? undefined : { domain, verifier: await verifierOf(session, options) };
  return PaymentIntent.from({
    destination,
    amount,
    currency,
    fees,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(idempotencyKey === undefined || idempotencySecret === undefined ? {} : { idempotencySecret }),
    webhook,
    login,
  } as never);
}

/** Names all missing details at once. The library names one at a time. */
function requireDetails(options: CreateOptions): void {
  const missing = (["destination", "amount", "currency"] as const).filter(
    (name) => options[name] === undefined,
  );
  if (missing.length === 0) return;
  const flags = missing.map((name) => `--${name}`).join(", ");
  throw new CliError("missing_option", `missing: ${flags}`, {
    hint: "Pass the token account that receives the payment, the amount and its currency, or --from with a saved intent.",
  });
}

const details = [
  ["--destination", "destination"],
  ["--amount", "amount"],
  ["--currency", "currency"],
  ["--fee", "fee"],
  ["--idempotency-key", "idempotencyKey"],
  ["--webhook", "webhook"],
  ["--webhook-file", "webhookFile"],
  ["--login-domain", "loginDomain"],
] as const;

async function again(session: Session, options: CreateOptions): Promise<AnyIntent> {
  const given = details.find(([, name]) => options[name] !== undefined);
  if (given !== undefined)
    throw usageError(`${given[0]} and --from cannot be combined: the file already contains it`);
  const verifier = await readKey(session, VERIFIER_KEY, options.verifierFile);
  const intent = await readIntent(session, options.from ?? "-", { verifier });
  // The document contains only the public key of the verifier.
  if (intent.login !== undefined && verifier === undefined) throw missingSecret(VERIFIER_KEY);
  return intent;
}

async function verifierOf(session: Session, options: CreateOptions) {
  const verifier = await readKey(session, VERIFIER_KEY, options.verifierFile);
  if (verifier === undefined) throw missingSecret(VERIFIER_KEY);
  return verifier;
}

function printNextSteps(
  session: Session,
  { id }: AnyIntent,
  kept: KeptIntent | undefined,
  { dryRun }: CreateOptions,
): void {
  if (dryRun) {
    if (kept !== undefined) session.nextSteps("To register it:", kept.createCommand);
    return;
  }
  if (kept === undefined) session.nextSteps("To check the status:", `code-intents status ${id}`);
  else session.nextSteps("To wait for the payment:", `code-intents watch ${kept.path}`);
  if (!session.out.isTerminal || fitsScanCode(session.out)) return;
  session.warn(`the terminal is too narrow for the scan code, which needs ${MIN_SCAN_CODE_WIDTH} columns`);
  if (kept !== undefined)
    session.nextSteps("To draw it in a file:", `code-intents scan-code ${kept.path} --output code.svg`);
}

function readFee(text: string, before: readonly Fee[] = []): readonly Fee[] {
  const [, destination, basisPoints] = /^([^:]+):(\d{1,5})(?:\.0{1,32})?$/.exec(text) ?? [];
  if (destination === undefined)
    throw new InvalidArgumentError("Use an account and basis points, such as 9sK9x3MC...:150.");
  return [...before, { destination, basisPoints: Number(basisPoints) }];
}
