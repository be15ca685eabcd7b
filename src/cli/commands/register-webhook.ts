import type { Command } from "commander";
import { addCommand, completeCommand } from "../command.js";
import { usageError } from "../failure/errors.js";
import { EXIT } from "../failure/exit-codes.js";
import { readIntentOrId } from "../intent/document.js";
import { addSecretOption, CLIENT_SECRET } from "../io/secrets.js";
import { addSequencerOptions, type SequencerOptions, withClient } from "../options/sequencer.js";
import { addWebhookOptions, readWebhook, type WebhookOptions } from "../options/webhook.js";
import type { Session } from "../session.js";

interface RegisterOptions extends SequencerOptions, WebhookOptions {
  readonly clientSecretFile?: string;
}

/** `code-intents register-webhook` */
export function addRegisterWebhook(parent: Command, session: Session): void {
  const command = addCommand(
    parent,
    "register-webhook",
    "Register the webhook of an intent",
    "Register the webhook of an intent that is registered and not yet paid. An intent has one webhook, and the first registration wins.",
  ).argument("<intent>", "intent id, or file with the output of `create --json`; - for standard input");
  addWebhookOptions(command, "when the intent is paid");
  addSecretOption(command, CLIENT_SECRET, ", if the file has none");
  addSequencerOptions(command);
  completeCommand<RegisterOptions>(command, {
    session,
    notes: ["Exits with 5 if the intent already has a webhook. Its URL cannot be looked up."],
    examples: [{ line: "code-intents register-webhook intent.json --webhook https://shop.example.com/paid" }],
    run: async ([source = ""], options) => {
      const webhook = await readWebhook(session, options);
      if (webhook === undefined) throw usageError("--webhook or --webhook-file is missing");
      const intent = await readIntentOrId(session, source, options);
      if (options.protocol === "rest" && typeof intent === "string") {
        throw usageError(
          "REST registers a webhook only together with its intent",
          "Pass the file of the intent instead of its id, or choose another --protocol.",
        );
      }
      const result = await withClient(session, options, (code) =>
        code.webhooks.register({ intent, url: webhook.url }, { signal: session.signals.aborted }),
      );
      const id = typeof intent === "string" ? intent : intent.id;
      session.result({ intent: id, result }, () => {
        const { out } = session;
        const ours = result !== "already_registered";
        session.details(out.paint(ours ? "green" : "yellow", headings[result]), [
          ["intent", id],
          ["webhook", ours ? new URL(webhook.url).origin : "another URL, or this one from an earlier call"],
        ]);
      });
      return result === "already_registered" ? EXIT.mismatch : EXIT.done;
    },
  });
}

const headings = {
  registered: "Registered",
  already_registered: "Not registered: the intent already has a webhook, whose URL is unknown",
  probably_ours: "Registered, probably by an attempt of this call whose response was lost",
  registered_or_existing: "Registered, now or earlier (REST does not report which)",
} as const;
