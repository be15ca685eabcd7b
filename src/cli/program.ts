import { readFileSync } from "node:fs";
import { Command } from "commander";
import { addCommonOptions } from "./command.js";
import { addCompletion } from "./commands/completion.js";
import { addClock, addList, addWebhook } from "./commands/control.js";
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

/** Builds the command line with all its commands. */
export function createProgram(session: Session): Command {
  const program = new Command("code-intents")
    .description("Create, watch and inspect payment intents of the Code wallet.")
    .version(version(), "-V, --version", "show the version")
    .usage("<command> [options]")
    // Options after a subcommand belong to it, so that `emulator exec` can run commands that have options.
    .enablePositionalOptions()
    .helpCommand(false)
    .exitOverride()
    .configureHelp(helpConfiguration(session))
    .configureOutput({
      writeOut: (text) => writeHelpOrVersion(session, text),
      // With --json, help in place of a missing command is reported as a usage error.
      writeErr: (text) => {
        if (!session.json) session.err.write(text);
      },
      getOutHelpWidth: () => session.out.proseWidth,
      getErrHelpWidth: () => session.err.proseWidth,
      getOutHasColors: () => session.out.color,
      getErrHasColors: () => session.err.color,
      // `main` reports all failures in the same form.
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

  program.commandsGroup("Local development:");
  addEmulator(program, session);
  addWallet(program, session);
  addList(program, session);
  addWebhook(program, session);
  addClock(program, session);

  program.commandsGroup("Other:");
  addCompletion(program, session);
  addHelp(program, session);
  return program;
}

/** Writes what commander prints on stdout: the version or a help text. */
function writeHelpOrVersion(session: Session, text: string): void {
  const document = text.trim() === version() ? { version: version() } : { help: text };
  session.result(document, () => session.out.write(text));
}

/** Returns the version of this package. */
function version(): string {
  // The path is the same from dist/cli/ and src/cli/.
  return JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")).version;
}
