import { fromBase58 } from "../../lib/bytes.js";
import { CliError, systemCode } from "../failure/errors.js";

/** Returns whether a text is an id: base58 of 32 bytes. */
export function isIntentId(text: string): boolean {
  return fromBase58(text)?.length === 32;
}

/** Awaits the reading of a document. If `source` is not a file but an intent's id, the error says so. */
export async function rejectLoneId<T>(source: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    const missing = error instanceof CliError && systemCode(error.cause) === "ENOENT";
    if (!missing || !isIntentId(source)) throw error;
    throw new CliError(
      "unusable_input",
      `${source} is an intent id, but this command needs the whole intent`,
      {
        hint:
          "Pass the file that `create --output` wrote, or - to read the output of `create --json` from standard input. " +
          "`code-intents status` accepts an id.",
        cause: error,
      },
    );
  }
}
