import type { Command } from "commander";
import { addCommand, completeCommand } from "../command.js";
import { CONTROL_TOKEN } from "../io/secrets.js";
import { addServeOptions, type ServeOptions, startEmulator } from "../options/emulator.js";
import type { Session } from "../session.js";
import { addExec } from "./emulator-exec.js";

/** `code-intents emulator` */
export function addEmulator(parent: Command, session: Session): void {
  const command = addCommand(
    parent,
    "emulator",
    "Serve a sequencer of your own until Ctrl-C",
    "Serve a sequencer of your own until Ctrl-C: the real one's rules, texts and limits. It moves no money.",
  );
  addServeOptions(command, 8787);
  completeCommand<ServeOptions>(command, {
    session,
    notes: [
      "In a browser, its page shows the intents and plays the payer. Ctrl-C is how it ends, and ends it with 0.",
    ],
    examples: [
      { line: "code-intents emulator" },
      {
        line: "code-intents emulator --port 0 --limit usd=0.05:250 --json",
        does: "any free port; up to 250 usd",
      },
      { line: "code-intents emulator exec -- npm test", does: "for as long as a command runs" },
    ],
    run: (_, options) => serve(session, options),
  });
  addExec(command, session);
}

async function serve(session: Session, options: ServeOptions): Promise<void> {
  const emulator = await startEmulator(session, options);
  try {
    const { url, port, webhookPublicKey } = emulator;
    const { host } = options;
    const page = `${url}/`;
    session.event({ type: "listening", url, page, host, port, webhookPublicKey }, () => {
      const reached = session.out.paint("bold", url);
      const everywhere = wildcards.has(host);
      session.details("A Code Sequencer of your own", [
        ["listening on", everywhere ? `port ${port} of every address of this machine (${host})` : reached],
        ["reach it at", everywhere ? `${reached} from this machine` : undefined],
        ["in a browser", page],
        ["webhook key", webhookPublicKey],
        ["wallet", walletText(session, options)],
      ]);
      session.nextSteps(
        "In another terminal:",
        `export CODE_SEQUENCER_URL=${url}`,
        `export CODE_WEBHOOK_PUBLIC_KEY=${webhookPublicKey}`,
      );
      session.out.line();
      session.note("It moves no money. Ctrl-C stops it.");
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
    ? "open to this machine alone"
    : "open to whoever has the control token";
}
