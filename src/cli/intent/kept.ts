import { lstat } from "node:fs/promises";
import { RegistrationUnknownError, SequencerError, TransportError } from "../../errors.js";
import { CliError } from "../failure/errors.js";
import { hintOf, withHint } from "../failure/hints.js";
import type { Session } from "../session.js";

/** Where an intent is kept, and what creates it from there. */
export interface KeptIntent {
  readonly path: string;
  readonly createCommand: string;
}

/** Writes an intent down. A file that holds another one is worth more than a name: that intent may be payable. */
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
    throw new CliError("file_exists", `${path} exists and holds an intent, which is not overwritten`, {
      hint:
        `After a failure: \`${createCommand}\` creates that same intent. For another order name another file; ` +
        "--force would discard the client secret of an intent that may be payable.",
      cause: error,
    });
  }
}

/** Adds the next step to a failure of the network. */
export function withNextStep(error: unknown, { path, createCommand }: KeptIntent): unknown {
  if (error instanceof RegistrationUnknownError)
    return withHint(
      error,
      `\`${createCommand}\` creates the same intent again: the same intent twice is one intent.`,
    );
  const again = `\`${createCommand}\` creates the same intent, which is kept.`;
  if (error instanceof TransportError || (error instanceof SequencerError && error.retryable))
    return withHint(error, [again, hintOf(error.code)].filter((text) => text !== undefined).join(" "));
  if (error instanceof SequencerError && error.code === "request_refused")
    return withHint(
      error,
      `Nothing was registered; ${path} holds what was refused, and --force replaces it.`,
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
