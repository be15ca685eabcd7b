import type { Command } from "commander";
import type { CodeClient } from "../../client/client.js";
import type { LoginIntent } from "../../intents/login-intent.js";
import type { VerifierKey } from "../../intents/signer.js";
import type { LoggedInUser } from "../../sequencer/port.js";
import { addCommand, completeCommand } from "../command.js";
import { usageError } from "../failure/errors.js";
import { EXIT } from "../failure/exit-codes.js";
import { intentDetails } from "../intent/details.js";
import { documentOf, readIntentOrId } from "../intent/document.js";
import { addSecretOption, CLIENT_SECRET, missingSecret, readKey, VERIFIER_KEY } from "../io/secrets.js";
import { addSequencerOptions, type SequencerOptions, withClient } from "../options/sequencer.js";
import { addWebhookOptions, readWebhook, type WebhookOptions } from "../options/webhook.js";
import type { Session } from "../session.js";
import { drawScanCode, fitsScanCode, MIN_SCAN_CODE_WIDTH } from "../terminal/scan-code.js";
import { addWaitOptions, type WaitOptions, watchIntent } from "./watch.js";

interface LoginOptions extends WaitOptions, WebhookOptions {
  readonly domain?: string;
  readonly verifierFile?: string;
}

interface UserIdOptions extends SequencerOptions {
  readonly verifierFile?: string;
  readonly clientSecretFile?: string;
}

/** `code-intents login` and `code-intents login user-id` */
export function addLogin(parent: Command, session: Session): void {
  const command = addCommand(
    parent,
    "login",
    "Request a login, wait for it and print the user id",
    "Request a login at your domain: show the scan code, wait, and print the user id.",
  ).option("--domain <domain>", "base domain, such as example.com");
  addSecretOption(command, VERIFIER_KEY);
  addWebhookOptions(command, "when a user logs in");
  addWaitOptions(command);
  completeCommand<LoginOptions>(command, {
    session,
    notes: [
      "The domain's /.well-known/code-payments.json must list the verifier; `code-intents keys` generates both. A user " +
        "id is not a secret: never accept one from a browser as proof of identity.",
    ],
    examples: [
      { line: "code-intents login --domain example.com --verifier-file verifier.json --timeout 10m" },
      {
        line: "code-intents login user-id <intent> --verifier-file verifier.json",
        does: "look up the user later",
      },
    ],
    run: (_, options) => login(session, options),
  });
  addUserId(command, session);
}

async function login(session: Session, options: LoginOptions): Promise<number> {
  const { domain } = options;
  if (domain === undefined) throw usageError("--domain is missing");
  const verifier = await readVerifierKey(session, options);
  const { LoginIntent } = await import("../../intents/login-intent.js");
  const intent = LoginIntent.from({
    login: { domain, verifier },
    webhook: await readWebhook(session, options),
  });
  const { timeout: _, ...target } = options;
  const { json, out } = session;
  if (!json && out.isTerminal && !fitsScanCode(out)) {
    session.warn(
      `the terminal is too narrow for the scan code, which needs ${MIN_SCAN_CODE_WIDTH} columns. Widen it and start again, or ` +
        "pass --json and draw the output with `code-intents scan-code`.",
    );
  }
  await withClient(session, target, (code) =>
    code.loginIntents.create(intent, { signal: session.signals.aborted }),
  );
  session.event({ type: "created", ...documentOf(intent) }, () => {
    session.details("Waiting for a login", intentDetails(session.out, intent));
    session.out.line();
  });
  if (!json && fitsScanCode(out)) {
    await drawScanCode(out, intent.payload);
    out.line();
  }
  await watchIntent(session, intent, options);
  const user = await withClient(session, target, (code) => fetchUser(session, code, intent, verifier));
  session.event(userDocument(intent.id, user), () => {
    session.out.line();
    printUser(session, intent.id, user);
  });
  return user.userId === undefined ? EXIT.mismatch : EXIT.done;
}

function addUserId(parent: Command, session: Session): void {
  const command = addCommand(parent, "user-id", "Look up the user who logged in with an intent").argument(
    "<intent>",
    "intent id, or file with the intent; - for standard input",
  );
  addSecretOption(command, VERIFIER_KEY);
  addSecretOption(command, CLIENT_SECRET, ", if the file has none");
  addSequencerOptions(command);
  completeCommand<UserIdOptions>(command, {
    session,
    examples: [{ line: "code-intents login user-id GHEXGTE2r1Part... --verifier-file verifier.json" }],
    run: async ([source = ""], options) => {
      const intent = await readIntentOrId(session, source, options);
      const verifier = await readVerifierKey(session, options);
      const user = await withClient(session, options, (code) => fetchUser(session, code, intent, verifier));
      const id = typeof intent === "string" ? intent : intent.id;
      session.result(userDocument(id, user), () => printUser(session, id, user));
      return user.userId === undefined ? EXIT.mismatch : EXIT.done;
    },
  });
}

async function readVerifierKey(
  session: Session,
  { verifierFile }: UserIdOptions | LoginOptions,
): Promise<VerifierKey> {
  const verifier = await readKey(session, VERIFIER_KEY, verifierFile);
  if (verifier === undefined) throw missingSecret(VERIFIER_KEY);
  return verifier;
}

function fetchUser(
  session: Session,
  code: CodeClient,
  intent: LoginIntent | Parameters<CodeClient["loginIntents"]["getUserId"]>[0]["intent"],
  verifier: VerifierKey,
): Promise<LoggedInUser> {
  return code.loginIntents.getUserId({ intent, verifier }, { signal: session.signals.aborted });
}

function userDocument(intent: string, { userId, reason }: LoggedInUser): object {
  return { type: "user", intent, userId: userId ?? null, ...(reason === undefined ? {} : { reason }) };
}

const reasons = {
  request_not_found: "the sequencer does not know this intent",
  login_not_supported: "the intent does not request a login",
  no_user_logged_in: "no one has logged in, or the payer stayed anonymous",
} as const;

function printUser(session: Session, intent: string, { userId, reason }: LoggedInUser): void {
  session.details(userId === undefined ? "No user" : "Logged in", [
    ["intent", intent],
    ["user", userId && session.out.paint("bold", userId)],
    [
      "reason",
      userId === undefined ? (reason ? reasons[reason] : "not available over this protocol") : undefined,
    ],
  ]);
}
