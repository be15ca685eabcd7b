import type { Explanation } from "../inspect/explanation.js";
import { CliError } from "./errors.js";
import type { Operand } from "./operand.js";

// A folder before it, or an ending after it, and nothing that no name has; JSON, escapes and lists are no names.
const fileName = /^(?=.*\/|.*\.[a-z]\w{0,9}$)[^\s"'\\{}[\]()<>,;|]{1,255}$/i;

/** Whether text on the command line looks like the name of a file. */
function mayNameFile(operand: Operand): operand is Operand & { readonly input: string } {
  const { input, literal } = operand;
  return literal && typeof input === "string" && fileName.test(input);
}

/**
 * Refuses the name of a file that is not there, which would be explained as text otherwise.
 *
 * @throws CliError `unusable_input`, unless the text could be read as bytes after all
 */
export function refuseMissingFile(operand: Operand, { problems }: Explanation): void {
  if (!mayNameFile(operand) || problems[0]?.code !== "unreadable_text") return;
  throw new CliError(
    "unusable_input",
    `there is no file ${operand.input}, and as bytes in a notation it cannot be read`,
    {
      hint: "Check the name and the directory, or give the bytes themselves.",
    },
  );
}
