import { fromBase58 } from "../../lib/bytes.js";
import { CliError, systemCode } from "../failure/errors.js";

/** Whether a text is an id: base58 of 32 bytes. */
export function isIntentId(text: string): boolean {
  return fromBase58(text)?.length === 32;
}

/** What is read from a source that must hold an intent's document; explains where its id alone was given. */
export async function rejectLoneId<T>(source: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    const missing = error instanceof CliError && systemCode(error.cause) === "ENOENT";
    if (!missing || !isIntentId(source)) throw error;
    throw new CliError("unusable_input", `${source} is an intent's id, and the id alone is not enough here`, {
      hint:
        "Name the file that `create --output` wrote, or pipe in what `create --json` printed and say -. " +
        "`code-intents status` needs the id alone.",
      cause: error,
    });
  }
}
