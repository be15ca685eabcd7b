import { type Command, Option } from "commander";
import type { PaymentEvent } from "../../events/events.js";
import type { WatchUntil } from "../../events/watch-options.js";
import { addCommand, completeCommand } from "../command.js";
import { interrupted } from "../failure/errors.js";
import { EXIT } from "../failure/exit-codes.js";
import { type AnyIntent, isLogin, readIntent } from "../intent/document.js";
import { addSecretOption, CLIENT_SECRET } from "../io/secrets.js";
import { parseDuration, parsePositiveDuration } from "../options/duration.js";
import { addSequencerOptions, type SequencerOptions, withClient } from "../options/sequencer.js";
import type { Session } from "../session.js";
import { Progress } from "../terminal/progress.js";
import { printEvent } from "./watch-events.js";

/** Options of everything that waits. */
export interface WaitOptions extends Omit<SequencerOptions, "timeout"> {
  readonly until?: WatchUntil;
  readonly timeout?: number;
  readonly interval: number;
  readonly heartbeat: number;
}

/** `code-intents watch` */
export function addWatch(parent: Command, session: Session): void {
  const command = addCommand(
    parent,
    "watch",
    "Wait until an intent is paid, and tell what happens to it",
    "Wait until an intent is paid, and tell what happens to it: one line for each event.",
  ).argument("<intent>", "file with what `create --json` prints; - for standard input");
  command.addOption(
    new Option("--until <event>", "what ends it")
      .choices(["submitted", "webhook", "rejected"])
      .default("submitted", "submitted"),
  );
  addWaitOptions(command);
  addSecretOption(command, CLIENT_SECRET, ", where the intent has none");
  completeCommand<WaitOptions & { readonly clientSecretFile?: string }>(command, {
    session,
    notes: [
      "`submitted` is unsigned and no finality on the chain: release what cannot be recalled on the webhook. Nothing is " +
        "proven by `scanned` and `rejected`.",
    ],
    examples: [
      { line: "code-intents watch intent.json --timeout 10m" },
      {
        line: "code-intents create ... --json | code-intents watch - --json",
        does: "a line of JSON for each event",
      },
    ],
    run: async ([source = ""], options) => {
      const intent = await readIntent(session, source, options);
      const last = await watchIntent(session, intent, options);
      return last?.type === "rejected" ? EXIT.rejected : EXIT.done;
    },
  });
}

/** Adds the options of {@link WaitOptions} but `--until`. */
export function addWaitOptions(command: Command): void {
  command
    .addOption(
      new Option("--timeout <duration>", "how long to wait")
        .argParser(parsePositiveDuration)
        .default(undefined, "for ever"),
    )
    .addOption(
      new Option("--interval <duration>", "time between two questions for the status")
        .argParser(parsePositiveDuration)
        .default(5_000, "5s"),
    )
    .addOption(
      new Option(
        "--heartbeat <duration>",
        "time between two signs of life where there is no terminal; 0s for none",
      )
        .argParser(parseDuration)
        .default(30_000, "30s"),
    );
  addSequencerOptions(command, false);
}

/** Tells of every event of an intent until it ends; gives the last one. */
export async function watchIntent(
  session: Session,
  intent: AnyIntent,
  options: WaitOptions,
): Promise<PaymentEvent | undefined> {
  const { until, timeout: timeoutMs, interval: intervalMs, heartbeat: heartbeatMs } = options;
  const login = isLogin(intent);
  const progress = new Progress({ session, what: login ? "a login" : "a payment", heartbeatMs });
  const { signals } = session;
  const watchOptions = { until, timeoutMs, intervalMs, signal: signals.aborted };
  let last: PaymentEvent | undefined;
  // The time of a wait is not that of a call.
  const { timeout: _, ...target } = options;
  try {
    await withClient(
      session,
      target,
      async (code) => {
        const events = login
          ? code.loginIntents.watch(intent, watchOptions)
          : code.paymentIntents.watch(intent, watchOptions);
        for await (const event of events) {
          printEvent(session, intent.id, event, login);
          last = event;
        }
      },
      progress.callHooks(options.protocol),
    );
    return last;
  } catch (error) {
    if (signals.received === undefined) throw error;
    const outlook = login ? "stays open: a login may still come" : "stays payable: a payment may still come";
    throw interrupted(signals.received, `intent ${intent.id} ${outlook}`);
  } finally {
    progress.stop();
  }
}
