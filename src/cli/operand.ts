import { stat } from "node:fs/promises";
import { type AnyIntent, rebuild } from "./intent-document.js";
import type { Session } from "./session.js";

/** What a command looks at, and where it came from. */
export interface Operand {
  /** Text, bytes, or an intent where a document of one was given. */
  readonly input: string | Uint8Array | AnyIntent;
  /** Whether it stood on the command line itself. */
  readonly literal: boolean;
}

/** Standard input for `-`, the file of this name where there is one, else the text itself. */
export async function readOperand(session: Session, source: string): Promise<Operand> {
  if (source !== "-" && !(await isFile(source))) return { input: source, literal: true };
  return readFileOperand(session, source);
}

/** A file, or standard input for `-`. */
export async function readFileOperand(session: Session, source: string): Promise<Operand> {
  const bytes = await session.inputs.bytes(source, "the input");
  const document = documentIn(bytes);
  return { input: document === undefined ? bytes : await rebuild(session, document, source), literal: false };
}

/** An intent as `create --json` writes it. */
function documentIn(bytes: Uint8Array): object | undefined {
  // An opening brace, perhaps after blanks.
  if (!/^\s*\{/.test(Buffer.from(bytes.subarray(0, 64)).toString("latin1"))) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    return typeof value === "object" && value !== null && "clientSecret" in value ? value : undefined;
  } catch {
    return undefined;
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return !(await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
