import type { Command } from "commander";
import type { Activity } from "../../emulator/index.js";
import { addCommand, completeCommand } from "../command.js";
import { CONTROL_TOKEN } from "../io/secrets.js";
import { addServeOptions, type ServeOptions, startEmulator } from "../options/emulator.js";
import type { Session } from "../session.js";
import { printActivity } from "./emulator-activity.js";
import { addExec } from "./emulator-exec.js";

interface Options extends ServeOptions {
  readonly quiet?: boolean;
}

/** `code-intents emulator` */
export function addEmulator(parent: Command, session: Session): void {
  const command = addCommand(
    parent,
    "emulator",
    "Run a local sequencer for development and tests",
    "Run a local sequencer with the rules, texts and limits of the real one, until Ctrl-C. It moves no money.",
  );
  addServeOptions(command, 8787);
  command.option("--quiet", "do not print calls, payments and attempts of webhooks");
  completeCommand<Options>(command, {
    session,
    notes: [
      "Prints a line for each call, payment and attempt of a webhook.",
      "Its web page shows the intents and plays the payer. Exits with 0 on Ctrl-C.",
    ],
    examples: [
      { line: "code-intents emulator" },
      {
        line: "code-intents emulator --port 0 --limit usd=0.05:250 --json",
        does: "use any free port and allow up to 250 usd",
      },
      { line: "code-intents emulator exec -- npm test", does: "run an emulator while a command runs" },
    ],
    run: (_, options) => serve(session, options),
  });
  addExec(command, session);
}

async function serve(session: Session, options: Options): Promise<void> {
  const report = options.quiet ? undefined : (activity: Activity) => printActivity(session, activity);
  const emulator = await startEmulator(session, options, report);
  try {
    const { url, port, webhookPublicKey } = emulator;
    const { host } = options;
    const page = `${url}/`;
    session.event({ type: "listening", url, page, host, port, webhookPublicKey }, () => {
      const reached = session.out.paint("bold", url);
      const everywhere = wildcards.has(host);
      session.details("Emulator of the Code Sequencer", [
        ["listening on", everywhere ? `port ${port} on all addresses of this machine (${host})` : reached],
        ["local URL", everywhere ? `${reached} from this machine` : undefined],
        ["web page", page],
        ["webhook key", webhookPublicKey],
        ["wallet", walletText(session, options)],
      ]);
      session.nextSteps(
        "In another terminal:",
        `export CODE_SEQUENCER_URL=${url}`,
        `export CODE_WEBHOOK_PUBLIC_KEY=${webhookPublicKey}`,
      );
      session.out.line();
      session.note("The emulator moves no money. Press Ctrl-C to stop it.");
    });
    await session.signals.wait();
  } finally {
    await emulator.close();
  }
  session.event({ type: "closed" }, () => session.note("Stopped."));
}

const wildcards: ReadonlySet<string> = new Set(["0.0.0.0", "::"]);

function walletText({ env }: Session, { controlTokenFile }: ServeOptions): string {
  return controlTokenFile === undefined && !env[CONTROL_TOKEN.variable]
    ? "open to this machine only"
    : "requires the control token";
}
