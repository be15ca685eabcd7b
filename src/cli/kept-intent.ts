import { readFile } from "node:fs/promises";
import { RegistrationUnknownError, SequencerError, TransportError } from "../errors.js";
import { CliError } from "./errors.js";
import { writeNewFile } from "./outputs.js";
import { hintOf, withHint } from "./wording.js";

/** Where an intent is kept, and what creates it from there. */
export interface KeptIntent {
  readonly path: string;
  readonly createAgain: string;
}

/** Writes an intent down. A file that holds another one is worth more than a name: that intent may be payable. */
export async function keep(
  document: object,
  { path, createAgain }: KeptIntent,
  force: boolean,
): Promise<void> {
  try {
    await writeNewFile(path, `${JSON.stringify(document, undefined, 2)}\n`, { force, secret: true });
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== "file_exists" || !(await holdsIntent(path)))
      throw error;
    throw new CliError("file_exists", `${path} exists and holds an intent, which is not overwritten`, {
      hint:
        `After a failure: \`${createAgain}\` creates that same intent. For another order name another file; ` +
        "--force would discard the client secret of an intent that may be payable.",
      cause: error,
    });
  }
}

/** A failure of the network, with the way on. */
export function withWayOn(error: unknown, { path, createAgain }: KeptIntent): unknown {
  if (error instanceof RegistrationUnknownError)
    return withHint(
      error,
      `\`${createAgain}\` creates the same intent again: the same intent twice is one intent.`,
    );
  const again = `\`${createAgain}\` creates the same intent, which is kept.`;
  if (error instanceof TransportError || (error instanceof SequencerError && error.retryable))
    return withHint(error, [again, hintOf(error.code)].filter((text) => text !== undefined).join(" "));
  if (error instanceof SequencerError && error.code === "request_refused")
    return withHint(
      error,
      `Nothing was registered; ${path} holds what was refused, and --force replaces it.`,
    );
  return error;
}

async function holdsIntent(path: string): Promise<boolean> {
  try {
    return "clientSecret" in JSON.parse(await readFile(path, "utf8"));
  } catch {
    return false;
  }
}
