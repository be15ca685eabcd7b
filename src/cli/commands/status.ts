import type { Command } from "commander";
import { addCommand, completeCommand } from "../command.js";
import { EXIT } from "../failure/exit-codes.js";
import { readIntentOrId } from "../intent/document.js";
import { addSecretOption, CLIENT_SECRET } from "../io/secrets.js";
import { addSequencerOptions, type SequencerOptions, withClient } from "../options/sequencer.js";
import type { Session } from "../session.js";

/** `code-intents status` */
export function addStatus(parent: Command, session: Session): void {
  const command = addCommand(
    parent,
    "status",
    "Check the status of an intent",
    "Check the status of an intent. The response is unsigned and does not prove that a payment is final.",
  ).argument("<intent>", "intent id, or file with the output of `create --json`; - for standard input");
  addSecretOption(command, CLIENT_SECRET, ", if the file has none");
  addSequencerOptions(command);
  completeCommand<SequencerOptions & { readonly clientSecretFile?: string }>(command, {
    session,
    examples: [
      { line: "code-intents status GHEXGTE2r1PartuDip4VhDz8b2RY4xqRTRtMCUEaEXXN" },
      {
        line: "code-intents status intent.json --json | jq -r .state",
        does: "print unknown, pending or submitted",
      },
    ],
    run: async ([source = ""], options) => {
      const intent = await readIntentOrId(session, source, options);
      const status = await withClient(session, options, (code) =>
        code.paymentIntents.getStatus(intent, { signal: session.signals.aborted }),
      );
      const { state, exists, codeScanned, intentSubmitted } = status;
      const id = typeof intent === "string" ? intent : intent.id;
      session.result({ intent: id, state, exists, codeScanned: codeScanned ?? null, intentSubmitted }, () => {
        const { out } = session;
        const style = { unknown: "yellow", pending: "cyan", submitted: "green" } as const;
        session.details(out.paint(style[state], headings[state]), [
          ["intent", id],
          ["state", state],
          ["registered", yesNo(exists)],
          ["scanned", codeScanned === undefined ? "not available over this protocol" : yesNo(codeScanned)],
          ["submitted", yesNo(intentSubmitted)],
        ]);
      });
      return state === "unknown" ? EXIT.unknown : EXIT.done;
    },
  });
}

const headings = {
  unknown: "The sequencer does not know this intent",
  pending: "Registered, not yet submitted",
  submitted: "Submitted",
} as const;

function yesNo(value: boolean): string {
  return value ? "yes" : "no";
}
