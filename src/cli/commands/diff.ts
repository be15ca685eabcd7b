import type { Command } from "commander";
import { addCommand, completeCommand } from "../command.js";
import { EXIT } from "../failure/exit-codes.js";
import { readOperand, rejectMissingFile, warnAboutSecret } from "../intent/operand.js";
import type { Session } from "../session.js";

/** `code-intents diff` */
export function addDiff(parent: Command, session: Session): void {
  const command = addCommand(
    parent,
    "diff",
    "Compare two intents, messages or payloads",
    "Compare two intents, messages, payloads or bodies. Shows the first differing byte, all differing fields and the consequences.",
  )
    .argument("<here>", "bytes in any notation, or a file; - for standard input")
    .argument("<there>", "the input to compare with, in the same forms")
    .option("--as <type>", "type of both inputs, such as Message or payload; overrides detection");
  completeCommand<{ readonly as?: string }>(command, {
    session,
    notes: ["Exits with 0 if the inputs are equal and valid, and with 5 if they differ or one is wrong."],
    examples: [
      { line: "code-intents diff ours.json theirs.json" },
      { line: "my-port --build | code-intents diff intent.json -", does: "compare a port with this package" },
    ],
    run: async ([a = "", b = ""], { as }) => {
      const here = await readOperand(session, a);
      const there = await readOperand(session, b);
      const { diff, explain, renderDifference } = await import("../../inspect/index.js");
      for (const operand of [here, there]) {
        if (!operand.literal || typeof operand.input !== "string") continue;
        const explanation = explain(operand.input, { as });
        rejectMissingFile(operand, explanation);
        warnAboutSecret(session, explanation.type);
      }
      const difference = diff(here.input, there.input, { as });
      session.result(difference, () => {
        const { out } = session;
        out.line(renderDifference(difference, { color: out.color, width: out.columns ?? 110 }));
      });
      return difference.equal && difference.faults.length === 0 ? EXIT.done : EXIT.mismatch;
    },
  });
}
