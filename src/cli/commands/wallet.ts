import type { CallOptions, Client } from "@connectrpc/connect";
import { type Command, Option } from "commander";
import { addCommand, addGroup, completeCommand } from "../command.js";
import { isIntentId } from "../intent/id.js";
import { readPayload } from "../intent/payload.js";
import { addSecretOption, CLIENT_SECRET, CONTROL_TOKEN } from "../io/secrets.js";
import type { ControlOptions } from "../options/control.js";
import { addUrlOptions } from "../options/sequencer.js";
import type { Session } from "../session.js";
import { amountText, grouped, percent } from "../terminal/format.js";

interface Options extends ControlOptions {
  readonly clientSecretFile?: string;
  readonly user?: string;
  readonly anonymous?: boolean;
}

type WalletCalls = Client<
  typeof import("../../../gen/codeintents/emulator/v1/wallet_service_pb.js").WalletService
>;

type Target = { case: "payload"; value: Uint8Array } | { case: "intentId"; value: string };

/** `code-intents wallet scan`, `pay`, `reject` and `login` */
export function addWallet(parent: Command, session: Session): void {
  const command = addGroup(
    parent,
    "wallet",
    "Play the payer against an emulator",
    "Play the payer against an emulator, instead of a phone.",
  );
  addScan(command, session);
  addPay(command, session);
  addReject(command, session);
  addLoginAs(command, session);
}

function addScan(parent: Command, session: Session): void {
  const command = addCall(parent, "scan", "Scan a code and show its request", scanned);
  complete(
    command,
    session,
    [{ line: "code-intents wallet scan intent.json" }],
    async (wallet, call, source, options) => {
      const payload = await readPayload(session, source, options);
      const { intentId, payment, domain, verified } = await wallet.scan({ payload }, call);
      const asking = domain === "" ? undefined : `${domain}${verified ? ", verified" : ", not verified"}`;
      const document = {
        intent: intentId,
        ...(payment && {
          payment: {
            destination: payment.destination,
            currency: payment.currency,
            nativeAmount: payment.nativeAmount,
            fees: payment.fees.map(({ destination, basisPoints }) => ({ destination, basisPoints })),
          },
        }),
        ...(domain === "" ? {} : { domain, verified }),
      };
      session.result(document, () =>
        session.details(payment === undefined ? "Scanned: a login" : "Scanned: a payment", [
          ["intent", intentId],
          ["amount", payment && `${amountText(payment.nativeAmount)} ${payment.currency}`],
          ["destination", payment?.destination],
          ...(payment?.fees ?? []).map(
            (fee) => ["fee", `${percent(fee.basisPoints)} to ${fee.destination}`] as const,
          ),
          ["domain", asking],
        ]),
      );
    },
  );
}

function addPay(parent: Command, session: Session): void {
  const command = addCall(parent, "pay", "Pay an intent", anyTarget)
    .option("--user <name>", "name of the payer; any text")
    .option("--anonymous", "do not disclose the user to a requesting domain");
  complete(
    command,
    session,
    [{ line: "code-intents wallet pay GHEXGTE2r1Part..." }],
    async (wallet, call, source, options) => {
      const { user, anonymous = false } = options;
      const target = await targetOf(session, source, options);
      const { intentId, payment, userId } = await wallet.pay(
        { target, anonymous, ...(user === undefined ? {} : { user }) },
        call,
      );
      const document = {
        intent: intentId,
        ...(payment && {
          payment: {
            destination: payment.destination,
            currency: payment.currency,
            nativeAmount: payment.nativeAmount,
            exchangeRate: payment.exchangeRate,
            quarks: payment.quarks.toString(),
            feeQuarks: payment.feeQuarks.toString(),
          },
        }),
        ...(userId === "" ? {} : { userId }),
      };
      session.result(document, () =>
        session.details(session.out.paint("green", "Paid"), [
          ["intent", intentId],
          ["amount", payment && `${amountText(payment.nativeAmount)} ${payment.currency}`],
          ["destination", payment?.destination],
          [
            "quarks",
            payment && `${grouped(payment.quarks)}, including ${grouped(payment.feeQuarks)} in fees`,
          ],
          ["user", userId === "" ? undefined : userId],
        ]),
      );
    },
  );
}

function addReject(parent: Command, session: Session): void {
  const command = addCall(parent, "reject", "Decline an intent, which stays payable", scanned);
  complete(
    command,
    session,
    [{ line: "code-intents wallet reject intent.json" }],
    async (wallet, call, source, options) => {
      const { intentId } = await wallet.reject(
        { payload: await readPayload(session, source, options) },
        call,
      );
      session.result({ intent: intentId }, () =>
        session.details("Declined; the intent stays payable", [["intent", intentId]]),
      );
    },
  );
}

function addLoginAs(parent: Command, session: Session): void {
  const command = addCall(parent, "login", "Log in with an intent", anyTarget).addOption(
    new Option("--user <name>", "name of the user; any text"),
  );
  complete(
    command,
    session,
    [{ line: "code-intents wallet login intent.json --user alice" }],
    async (wallet, call, source, options) => {
      const { user } = options;
      const target = await targetOf(session, source, options);
      const { intentId, domain, userId } = await wallet.login(
        { target, ...(user === undefined ? {} : { user }) },
        call,
      );
      session.result({ intent: intentId, domain, userId }, () =>
        session.details(session.out.paint("green", "Logged in"), [
          ["intent", intentId],
          ["domain", domain],
          ["user", userId],
        ]),
      );
    },
  );
}

const scanned = "file with the output of `create --json`, or with a payload; - for standard input";
const anyTarget = `intent id, or ${scanned}`;

function addCall(parent: Command, name: string, summary: string, target: string): Command {
  return addCommand(parent, name, summary).argument("<intent>", target);
}

function complete(
  command: Command,
  session: Session,
  examples: readonly { readonly line: string }[],
  run: (wallet: WalletCalls, call: CallOptions, source: string, options: Options) => Promise<void>,
): void {
  addSecretOption(command, CONTROL_TOKEN, ", if the emulator requires one");
  addSecretOption(command, CLIENT_SECRET, ", if the file has none");
  addUrlOptions(command);
  completeCommand<Options>(command, {
    session,
    examples,
    run: async ([source = ""], options) => {
      const [{ withService }, { WalletService }] = await Promise.all([
        import("../options/control.js"),
        import("../../../gen/codeintents/emulator/v1/wallet_service_pb.js"),
      ]);
      await withService(session, options, WalletService, (wallet, call) =>
        run(wallet, call, source, options),
      );
    },
  });
}

/** Returns the target of a call. For an id, the emulator looks up the request without a payload. */
async function targetOf(session: Session, source: string, options: Options): Promise<Target> {
  if (isIntentId(source)) return { case: "intentId", value: source };
  return { case: "payload", value: await readPayload(session, source, options) };
}
