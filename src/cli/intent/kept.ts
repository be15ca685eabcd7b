import { lstat } from "node:fs/promises";
import { RegistrationUnknownError, SequencerError, TransportError } from "../../errors.js";
import { CliError } from "../failure/errors.js";
import { hintOf, withHint } from "../failure/hints.js";
import type { Session } from "../session.js";

/** The file that contains an intent, and the command that creates the intent from it. */
export interface KeptIntent {
  readonly path: string;
  readonly createCommand: string;
}

/**
 * Writes an intent's document. If the file contains another intent, the hint warns: that intent may be
 * payable.
 */
export async function keepIntent(
  session: Session,
  document: object,
  { path, createCommand }: KeptIntent,
  force: boolean,
): Promise<void> {
  try {
    await session.outputs.write(path, `${JSON.stringify(document, undefined, 2)}\n`, { force });
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== "file_exists" || !(await holdsIntent(session, path)))
      throw error;
    throw new CliError("file_exists", `${path} already contains an intent`, {
      hint:
        `To retry that intent after a failure, run \`${createCommand}\`. For another order, choose another file. ` +
        "--force discards the client secret of an intent that may be payable.",
      cause: error,
    });
  }
}

/** Adds the command to run next to an error of the network or the sequencer. */
export function withNextStep(error: unknown, { path, createCommand }: KeptIntent): unknown {
  if (error instanceof RegistrationUnknownError)
    return withHint(
      error,
      `Run \`${createCommand}\` to try again. Creating the same intent twice gives one intent.`,
    );
  const again = `Run \`${createCommand}\` to create the saved intent.`;
  if (error instanceof TransportError || (error instanceof SequencerError && error.retryable))
    return withHint(error, [again, hintOf(error.code)].filter((text) => text !== undefined).join(" "));
  if (error instanceof SequencerError && error.code === "request_refused")
    return withHint(
      error,
      `Nothing was registered. ${path} contains the rejected intent; pass --force to replace it.`,
    );
  return error;
}

async function holdsIntent(session: Session, path: string): Promise<boolean> {
  try {
    // Opening a FIFO would wait for a writer.
    if (!(await lstat(session.resolvePath(path))).isFile()) return false;
    return "clientSecret" in JSON.parse(await session.inputs.text(path, "the intent"));
  } catch {
    return false;
  }
}
