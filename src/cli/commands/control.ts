import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { CallOptions, Client } from "@connectrpc/connect";
import type { Command } from "commander";
import type { EmulatedIntent } from "../../../gen/codeintents/emulator/v1/emulator_service_pb.js";
import { addCommand, addGroup, completeCommand, type Example } from "../command.js";
import { EXIT } from "../failure/exit-codes.js";
import { readIntentOrId } from "../intent/document.js";
import { addSecretOption, CLIENT_SECRET, CONTROL_TOKEN } from "../io/secrets.js";
import type { ControlOptions } from "../options/control.js";
import { parsePositiveDuration } from "../options/duration.js";
import { addUrlOptions } from "../options/sequencer.js";
import type { Session } from "../session.js";
import { columnLine } from "../terminal/columns.js";
import { amountText } from "../terminal/format.js";
import type { Style } from "../terminal/screen.js";

type Gen = typeof import("../../../gen/codeintents/emulator/v1/emulator_service_pb.js");
type Calls = Client<Gen["EmulatorService"]>;

/** `code-intents list` */
export function addList(parent: Command, session: Session): void {
  const command = addCommand(
    parent,
    "list",
    "List the intents of an emulator",
    "List the intents of an emulator, newest first: state, amount or domain, and webhook.",
  );
  complete(command, session, [{ line: "code-intents list" }], async (emulator, call) => {
    const { intents } = await emulator.listIntents({}, call);
    intents.reverse();
    session.result(intents.map(documentOf), () => {
      if (intents.length === 0) session.note("The emulator has no intents.");
      for (const intent of intents) session.out.line(lineOf(session, intent));
    });
  });
}

/** `code-intents webhook resend` */
export function addWebhook(parent: Command, session: Session): void {
  const group = addGroup(
    parent,
    "webhook",
    "Send webhooks of an emulator again",
    "Send webhooks of an emulator again.",
  );
  const command = addCommand(
    group,
    "resend",
    "Send the webhook of a submitted intent once more",
    "Send the webhook of a submitted intent once more, whatever the outcome of its earlier attempts.",
  ).argument("<intent>", "intent id, or file with the output of `create --json`; - for standard input");
  addSecretOption(command, CLIENT_SECRET, ", if the file has none");
  complete(
    command,
    session,
    [{ line: "code-intents webhook resend intent.json" }],
    async (emulator, call, [source = ""], options) => {
      const intent = await readIntentOrId(session, source, options);
      const intentId = typeof intent === "string" ? intent : intent.id;
      const { attempt } = await emulator.resendWebhook({ intentId }, call);
      const { httpStatus = 0, error = "" } = attempt ?? {};
      const confirmed = httpStatus === 200 && error === "";
      const outcome = httpStatus === 0 ? error : `HTTP ${httpStatus}`;
      session.result({ intent: intentId, confirmed, httpStatus, error }, () =>
        session.details(
          session.out.paint(
            confirmed ? "green" : "red",
            confirmed ? "Sent and confirmed" : "Sent, not confirmed",
          ),
          [
            ["intent", intentId],
            ["response", outcome],
          ],
        ),
      );
      return confirmed ? EXIT.done : EXIT.mismatch;
    },
  );
}

/** `code-intents clock advance` */
export function addClock(parent: Command, session: Session): void {
  const group = addGroup(parent, "clock", "Move the clock of an emulator", "Move the clock of an emulator.");
  const command = addCommand(
    group,
    "advance",
    "Move the clock of an emulator forward",
    "Move the clock of an emulator forward. Streams end and webhooks are sent again as if the time had passed.",
  ).argument("<duration>", "such as 30s, 15m, 1h or 1d", parsePositiveDuration);
  complete(command, session, [{ line: "code-intents clock advance 1h" }], async (emulator, call, [ms]) => {
    const duration = { seconds: BigInt(Math.floor(Number(ms) / 1_000)), nanos: (Number(ms) % 1_000) * 1e6 };
    const { now } = await emulator.advanceClock({ duration }, call);
    const time = timeOf(now);
    session.result({ now: time }, () => session.details("Moved the clock", [["now", time]]));
  });
}

interface Options extends ControlOptions {
  readonly clientSecretFile?: string;
}

function complete(
  command: Command,
  session: Session,
  examples: readonly Example[],
  run: (
    emulator: Calls,
    call: CallOptions,
    args: readonly string[],
    options: Options,
  ) => Promise<number | undefined> | Promise<void>,
): void {
  addSecretOption(command, CONTROL_TOKEN, ", if the emulator requires one");
  addUrlOptions(command);
  completeCommand<Options>(command, {
    session,
    examples,
    run: async (args, options) => {
      const [{ withService }, { EmulatorService }] = await Promise.all([
        import("../options/control.js"),
        import("../../../gen/codeintents/emulator/v1/emulator_service_pb.js"),
      ]);
      return withService(
        session,
        options,
        EmulatorService,
        async (emulator, call) => (await run(emulator, call, args, options)) ?? EXIT.done,
      );
    },
  });
}

const webhookStates = ["unknown", "registered", "pending", "confirmed", "failed"] as const;

function documentOf(intent: EmulatedIntent): object {
  const { intentId, firstSeenAt, requested, domain, intentSubmitted, webhook } = intent;
  return {
    intent: intentId,
    time: timeOf(firstSeenAt),
    state: intentSubmitted ? "submitted" : "pending",
    ...(requested && { amount: amountText(requested.nativeAmount), currency: requested.currency }),
    ...(domain === "" ? {} : { domain }),
    ...(webhook && {
      webhook: { url: webhook.url, state: webhookStates[webhook.state], attempts: webhook.attempts.length },
    }),
  };
}

function lineOf({ out }: Session, intent: EmulatedIntent): string {
  const { intentId, firstSeenAt, requested, domain, intentSubmitted, webhook } = intent;
  const [state, style]: readonly [string, Style] = intentSubmitted
    ? ["submitted", "green"]
    : ["pending", "cyan"];
  const subject = requested ? `${amountText(requested.nativeAmount)} ${requested.currency}` : domain;
  return columnLine([
    { text: out.paint("dim", timeOf(firstSeenAt)), width: 24 },
    { text: intentId, width: 44 },
    { text: out.paint(style, state), width: "submitted".length },
    { text: subject, width: 14 },
    { text: webhook ? `webhook ${webhookStates[webhook.state]}` : "", width: 0 },
  ]).trimEnd();
}

function timeOf(time: Timestamp | undefined): string {
  if (time === undefined) return "";
  return new Date(Number(time.seconds) * 1_000 + Math.floor(time.nanos / 1e6)).toISOString();
}
