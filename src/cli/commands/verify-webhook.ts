import type { Command } from "commander";
import type { WebhookClaims, WebhookExpect } from "../../webhook/expectation.js";
import { addCommand, completeCommand, VariableOption } from "../command.js";
import { CliError, usageError } from "../failure/errors.js";
import { rejectLoneId } from "../intent/id.js";
import { sourceName } from "../io/inputs.js";
import type { Session } from "../session.js";
import type { Detail } from "../terminal/columns.js";
import { amountText, grouped } from "../terminal/format.js";

interface VerifyOptions {
  readonly publicKey?: string;
  readonly production?: boolean;
  readonly expect?: string;
  readonly unbound?: boolean;
}

/** `code-intents verify-webhook` */
export function addVerifyWebhook(parent: Command, session: Session): void {
  const command = addCommand(
    parent,
    "verify-webhook",
    "Verify a webhook against its order",
    "Verify that the sequencer signed a webhook and that the webhook is for your order.",
  )
    .argument("<token>", "file with the body of the webhook, a JWT; - for standard input")
    .addOption(
      new VariableOption("--public-key <base58>", "sequencer's public key", "CODE_WEBHOOK_PUBLIC_KEY"),
    )
    .option("--production", "use the production sequencer's key")
    .option(
      "--expect <path>",
      "file with the order: the output of `create --json`, or id, destination, amount and currency",
    )
    .option("--unbound", "skip the comparison; accepts a webhook for any order");
  completeCommand<VerifyOptions>(command, {
    session,
    notes: ["A webhook does not expire and can arrive more than once. Fulfil once per intent."],
    examples: [
      {
        line: "code-intents verify-webhook body.jwt --expect intent.json",
        does: "use the key in CODE_WEBHOOK_PUBLIC_KEY",
      },
      { line: "code-intents verify-webhook - --unbound --production < body.jwt" },
    ],
    run: async ([source = ""], options) => {
      // --production overrides the environment variable, but not an option.
      if (options.production && command.getOptionValueSource("publicKey") === "cli")
        throw usageError("--production and --public-key cannot be combined");
      const expect = await readExpectation(session, options);
      const { PRODUCTION_WEBHOOK_PUBLIC_KEY, verifyWebhook } = await import("../../webhook/index.js");
      const publicKey = options.production ? PRODUCTION_WEBHOOK_PUBLIC_KEY : options.publicKey;
      if (publicKey === undefined) {
        throw new CliError("usage", "the public key is missing", {
          hint: "Set CODE_WEBHOOK_PUBLIC_KEY, or pass --public-key or --production.",
        });
      }
      const claims = await verifyWebhook(await session.inputs.text(source, "the webhook"), {
        publicKey,
        expect,
      });
      printClaims(session, claims);
    },
  });
}

async function readExpectation(session: Session, { expect, unbound }: VerifyOptions): Promise<WebhookExpect> {
  if ((expect === undefined) === (unbound !== true)) {
    throw usageError(
      expect === undefined ? "--expect is missing" : "--expect and --unbound cannot be combined",
      "Without an order, a webhook for any other order is valid, too. Pass --unbound to accept that.",
    );
  }
  if (expect === undefined) return "unbound";
  const order = await rejectLoneId(expect, session.inputs.json(expect, "the order"));
  if (typeof order !== "object" || order === null || Array.isArray(order))
    throw new CliError("unusable_input", `${sourceName(expect)} does not contain an order`);
  const { kind, user } = order as { kind?: unknown; user?: string };
  if (kind === "login") return user === undefined ? { kind } : { kind, user };
  return order as WebhookExpect;
}

function printClaims(session: Session, claims: WebhookClaims): void {
  const { out } = session;
  const document = claims.kind === "login" ? claims : claims.toJSON();
  session.result({ valid: true, ...document }, () => {
    const heading = claims.bound ? "Valid for this order" : "Validly signed, not compared with an order";
    session.details(out.paint(claims.bound ? "green" : "yellow", heading), claimDetails(claims));
  });
}

function claimDetails(claims: WebhookClaims): Detail[] {
  if (claims.kind === "login") return [["user", claims.user ?? "not disclosed"]];
  const { intent, amount, currency, destination, exchangeRate, quarks, fees, user } = claims;
  return [
    ["intent", intent],
    ["paid", `${amountText(amount)} ${currency}`],
    ["destination", destination],
    ["quarks", `${grouped(quarks)}, including ${grouped(fees)} in fees`],
    ["rate", `${exchangeRate} ${currency} per kin`],
    ["user", user],
  ];
}
