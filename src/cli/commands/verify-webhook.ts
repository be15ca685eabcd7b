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
    "Verify the body of a webhook against its order",
    "Verify the body of a webhook: that the sequencer signed it, and that it is for your order.",
  )
    .argument("<token>", "file with the body, a JWT; - for standard input")
    .addOption(
      new VariableOption(
        "--public-key <base58>",
        "key that the sequencer signs with",
        "CODE_WEBHOOK_PUBLIC_KEY",
      ),
    )
    .option("--production", "the production sequencer's key instead")
    .option(
      "--expect <path>",
      "the order: what `create --json` prints, or id, destination, amount and currency",
    )
    .option("--unbound", "compare nothing; the webhook may be for anybody's order");
  completeCommand<VerifyOptions>(command, {
    session,
    notes: [
      "A webhook carries no time: the same one verifies for ever, and arrives more than once. Fulfil once for each intent.",
    ],
    examples: [
      {
        line: "code-intents verify-webhook body.jwt --expect intent.json",
        does: "by CODE_WEBHOOK_PUBLIC_KEY",
      },
      { line: "code-intents verify-webhook - --unbound --production < body.jwt" },
    ],
    run: async ([source = ""], options) => {
      // A variable is there for every command of a shell; an option is meant.
      if (options.production && command.getOptionValueSource("publicKey") === "cli")
        throw usageError("--production and --public-key exclude each other");
      const expect = await readExpectation(session, options);
      const { PRODUCTION_WEBHOOK_PUBLIC_KEY, verifyWebhook } = await import("../../webhook/index.js");
      const publicKey = options.production ? PRODUCTION_WEBHOOK_PUBLIC_KEY : options.publicKey;
      if (publicKey === undefined) {
        throw new CliError("usage", "the public key is missing", {
          hint: "Set CODE_WEBHOOK_PUBLIC_KEY, or say --public-key or --production.",
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
      expect === undefined ? "--expect is missing" : "--expect and --unbound exclude each other",
      "Without an order to compare with, a valid webhook of any other order passes. --unbound says that this is meant.",
    );
  }
  if (expect === undefined) return "unbound";
  const order = await rejectLoneId(expect, session.inputs.json(expect, "the order"));
  if (typeof order !== "object" || order === null || Array.isArray(order))
    throw new CliError("unusable_input", `${sourceName(expect)} holds no order`);
  const { kind, user } = order as { kind?: unknown; user?: string };
  return kind === "login" ? { kind, user } : (order as WebhookExpect);
}

function printClaims(session: Session, claims: WebhookClaims): void {
  const { out } = session;
  const document =
    claims.kind === "login"
      ? claims
      : { ...claims, quarks: claims.quarks.toString(), fees: claims.fees.toString() };
  session.result({ valid: true, ...document }, () => {
    const heading = claims.bound ? "Valid, and for this order" : "Validly signed, and compared with nothing";
    session.details(out.paint(claims.bound ? "green" : "yellow", heading), claimDetails(claims));
  });
}

function claimDetails(claims: WebhookClaims): Detail[] {
  if (claims.kind === "login") return [["user", claims.user ?? "not told"]];
  const { intent, amount, currency, destination, exchangeRate, quarks, fees, user } = claims;
  return [
    ["intent", intent],
    ["paid", `${amountText(amount)} ${currency}`],
    ["destination", destination],
    ["quarks", `${grouped(quarks)}, of which ${grouped(fees)} are fees`],
    ["rate", `${exchangeRate} ${currency} for a kin`],
    ["user", user],
  ];
}
