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

/** Options of the commands that wait. */
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
    "Wait until an intent is paid and print its events",
    "Wait until an intent is paid, and print one line per event.",
  ).argument("<intent>", "file with the output of `create --json`; - for standard input");
  command.addOption(
    new Option("--until <event>", "event to wait for")
      .choices(["submitted", "webhook", "rejected"])
      .default("submitted", "submitted"),
  );
  addWaitOptions(command);
  addSecretOption(command, CLIENT_SECRET, ", if the intent has none");
  completeCommand<WaitOptions & { readonly clientSecretFile?: string }>(command, {
    session,
    notes: [
      "`submitted` is unsigned and does not mean that the payment is final on the chain. Deliver goods only on the webhook. " +
        "`scanned` and `rejected` prove nothing.",
    ],
    examples: [
      { line: "code-intents watch intent.json --timeout 10m" },
      {
        line: "code-intents create ... --json | code-intents watch - --json",
        does: "print one line of JSON per event",
      },
    ],
    run: async ([source = ""], options) => {
      const intent = await readIntent(session, source, options);
      const last = await watchIntent(session, intent, options);
      return last?.type === "rejected" ? EXIT.rejected : EXIT.done;
    },
  });
}

/** Adds the options of {@link WaitOptions} except `--until`. */
export function addWaitOptions(command: Command): void {
  command
    .addOption(
      new Option("--timeout <duration>", "time to wait")
        .argParser(parsePositiveDuration)
        .default(undefined, "no limit"),
    )
    .addOption(
      new Option("--interval <duration>", "time between status checks")
        .argParser(parsePositiveDuration)
        .default(5_000, "5s"),
    )
    .addOption(
      new Option("--heartbeat <duration>", "time between progress lines without a terminal; 0s disables them")
        .argParser(parseDuration)
        .default(30_000, "30s"),
    );
  addSequencerOptions(command, false);
}

/** Prints the events of an intent until the watch ends, and returns the last one. */
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
  // The timeout of the wait does not apply to single calls.
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
    throw interrupted(
      signals.received,
      // Without an event, the intent may not be registered.
      `intent ${intent.id} ${last === undefined ? "is not canceled" : outlook}`,
    );
  } finally {
    progress.stop();
  }
}
