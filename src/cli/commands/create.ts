import { type Command, InvalidArgumentError, Option } from "commander";
import { RegistrationUnknownError, SequencerError } from "../../errors.js";
import type { Fee } from "../../intents/fees.js";
import { addCommand, completeCommand } from "../command.js";
import { usageError } from "../failure/errors.js";
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
    .option("--destination <account>", "token account that is paid, base58")
    .option("--amount <decimal>", "how much, in the currency's main unit")
    .option("--currency <code>", "such as usd or kin")
    .addOption(
      new Option("--fee <account:bps>", "a share for somebody else, in 1/10000; up to three").argParser(
        readFee,
      ),
    )
    .option("--idempotency-key <text>", "your name for the order: the same key is the same intent");
  addSecretOption(command, IDEMPOTENCY_SECRET);
  addWebhookOptions(command, "called once it is paid");
  command.option("--login-domain <domain>", "asks the payer to log in at this domain as well");
  addSecretOption(command, VERIFIER_KEY, " of that domain");
  command
    .option("--from <path>", "create again what --output or --json wrote; - for standard input")
    .option("--output <path>", "keep the intent in a file, before the network is touched")
    .option("--force", "overwrite that file")
    .option("--dry-run", "build and show it, and register nothing");
  addSequencerOptions(command);
  completeCommand<CreateOptions>(command, {
    session,
    notes: [
      "The file of --output and the document of --json hold the client secret, which `watch` and others need. It gives " +
        "the intent's private key: it goes to the payer's browser and nowhere else. The file is readable by you alone.",
    ],
    examples: [
      {
        line: "code-intents create --destination E8otxw1C... --amount 2.50 --currency usd \\\n    --output intent.json",
        does: "keep it, register it, show its scan code",
      },
      {
        line: "code-intents create --destination E8otxw1C... --amount 2.50 --currency usd \\\n    --json | code-intents watch -",
        does: "register it and wait until it is paid",
      },
      {
        line: "code-intents create --from intent.json",
        does: "after a crash: the same intent twice is one intent",
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
      registered === null ? "Registered, or not" : registered ? "Registered" : "Built, and not registered";
    session.result({ ...document, registered }, () =>
      session.details(heading, [...intentDetails(session.out, intent), ["kept in", output]]),
    );
  };
  try {
    if (!dryRun) await withClient(session, options, (code) => register(session, code, intent));
  } catch (error) {
    // It can be paid, or may be; whoever lost it could never hear of that.
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

/** An intent that is registered can be paid; whoever has no client secret cannot wait for that. */
function requireKeptSecret({ json }: Session, { output, from, idempotencyKey }: CreateOptions): void {
  if (json || output !== undefined || from !== undefined || idempotencyKey !== undefined) return;
  throw usageError(
    "nothing would keep the client secret of this intent, and without it nobody can wait for its payment",
    "Name a file with --output, or say --json and keep what it prints.",
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
  if (idempotencyKey !== undefined && idempotencySecret === undefined) {
    session.warn(
      "whoever guesses the idempotency key can derive the intent's private key, and register first with another " +
        `destination. Set ${IDEMPOTENCY_SECRET.variable} to at least 32 random bytes, and keep it for good.`,
    );
  }
  if (domain === undefined && options.verifierFile !== undefined)
    throw usageError("--verifier-file needs --login-domain");
  const login = domain === undefined ? undefined : { domain, verifier: await verifierOf(session, options) };
  // Absent options are named by the library.
  return PaymentIntent.from({
    destination,
    amount,
    currency,
    fees,
    idempotencyKey,
    idempotencySecret: idempotencyKey === undefined ? undefined : idempotencySecret,
    webhook,
    login,
  } as never);
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
    throw usageError(`${given[0]} is in the file of --from already; leave one of them out`);
  const verifier = await readKey(session, VERIFIER_KEY, options.verifierFile);
  const intent = await readIntent(session, options.from ?? "-", { verifier });
  // The document has the verifier's public key alone.
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
  if (kept === undefined) session.nextSteps("To ask what became of it:", `code-intents status ${id}`);
  else session.nextSteps("To wait until it is paid:", `code-intents watch ${kept.path}`);
  if (!session.out.isTerminal || fitsScanCode(session.out)) return;
  session.warn(`this terminal is too narrow for the scan code, which needs ${MIN_SCAN_CODE_WIDTH} columns`);
  if (kept !== undefined)
    session.nextSteps("To draw it into a file:", `code-intents scan-code ${kept.path} --output code.svg`);
}

function readFee(text: string, before: readonly Fee[] = []): readonly Fee[] {
  const [, destination, basisPoints] = /^([^:]+):(\d{1,5})$/.exec(text) ?? [];
  if (destination === undefined)
    throw new InvalidArgumentError("It is an account and basis points, such as 9sK9x3MC...:150.");
  return [...before, { destination, basisPoints: Number(basisPoints) }];
}
