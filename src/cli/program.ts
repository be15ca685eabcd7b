import { readFileSync } from "node:fs";
import { Command } from "commander";
import { addCommonOptions } from "./command.js";
import { addCompletion } from "./commands/completion.js";
import { addCreate } from "./commands/create.js";
import { addDiff } from "./commands/diff.js";
import { addEmulator } from "./commands/emulator.js";
import { addExplain } from "./commands/explain.js";
import { addHelp } from "./commands/help.js";
import { addKeys } from "./commands/keys.js";
import { addLogin } from "./commands/login.js";
import { addPayload } from "./commands/payload.js";
import { addRegisterWebhook } from "./commands/register-webhook.js";
import { addScanCode } from "./commands/scan-code.js";
import { addStatus } from "./commands/status.js";
import { addVerifyWebhook } from "./commands/verify-webhook.js";
import { addWallet } from "./commands/wallet.js";
import { addWatch } from "./commands/watch.js";
import { helpConfiguration } from "./help.js";
import type { Session } from "./session.js";

/** The whole command line. */
export function createProgram(session: Session): Command {
  const program = new Command("code-intents")
    .description(
      "Payment intents for custom backends of the Code wallet: create them, hear of them, see every byte.",
    )
    .version(version(), "-V, --version", "print the version")
    .usage("<command> [options]")
    // Options behind a command are that command's, so that `emulator exec` can run commands with options of their own.
    .enablePositionalOptions()
    .helpCommand(false)
    .exitOverride()
    .configureHelp(helpConfiguration(session))
    .configureOutput({
      writeOut: (text) => writeHelpOrVersion(session, text),
      // As JSON, help that nobody asked for is told as what it is: wrong usage.
      writeErr: (text) => {
        if (!session.json) session.err.write(text);
      },
      getOutHelpWidth: () => session.out.proseWidth,
      getErrHelpWidth: () => session.err.proseWidth,
      getOutHasColors: () => session.out.color,
      getErrHasColors: () => session.err.color,
      // Told later, in one form with every other failure.
      outputError: () => {},
    });
  addCommonOptions(program);

  program.commandsGroup("Intents:");
  addCreate(program, session);
  addStatus(program, session);
  addWatch(program, session);
  addLogin(program, session);

  program.commandsGroup("Webhooks:");
  addRegisterWebhook(program, session);
  addVerifyWebhook(program, session);

  program.commandsGroup("Bytes:");
  addExplain(program, session);
  addDiff(program, session);
  addPayload(program, session);
  addScanCode(program, session);

  program.commandsGroup("Keys:");
  addKeys(program, session);

  program.commandsGroup("A sequencer of your own:");
  addEmulator(program, session);
  addWallet(program, session);

  program.commandsGroup("This program:");
  addCompletion(program, session);
  addHelp(program, session);
  return program;
}

/** What commander prints: the version, or a help. */
function writeHelpOrVersion(session: Session, text: string): void {
  const document = text.trim() === version() ? { version: version() } : { help: text };
  session.result(document, () => session.out.write(text));
}

/** The version of the package that this file is part of. */
function version(): string {
  // From dist/cli/, as from src/cli/.
  return JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version;
}
