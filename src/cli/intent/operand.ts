import type { Explanation } from "../../inspect/explanation.js";
import { CliError } from "../failure/errors.js";
import type { Session } from "../session.js";
import { type AnyIntent, rebuildIntent } from "./document.js";

/** An input of `explain` or `diff`. */
export interface Operand {
  /** Text, bytes, or the intent of a document. */
  readonly input: string | Uint8Array | AnyIntent;
  /** Whether the argument itself is the input, and not a file. */
  readonly literal: boolean;
}

/** Reads standard input for `-`, or a file if one has this name. Otherwise the text itself is the input. */
export async function readOperand(session: Session, source: string): Promise<Operand> {
  if (source !== "-" && !(await session.inputs.isFile(source))) return { input: source, literal: true };
  return readFileOperand(session, source);
}

/** Reads a file, or standard input for `-`. */
export async function readFileOperand(session: Session, source: string): Promise<Operand> {
  const bytes = await session.inputs.bytes(source, "the input");
  const document = documentIn(bytes);
  return {
    input: document === undefined ? bytes : await rebuildIntent(session, document, source),
    literal: false,
  };
}

/** Returns the document that `create --json` prints, if the bytes are one. */
function documentIn(bytes: Uint8Array): object | undefined {
  // An opening brace, optionally after whitespace.
  if (!/^\s*\{/.test(Buffer.from(bytes.subarray(0, 64)).toString("latin1"))) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    return typeof value === "object" && value !== null && "clientSecret" in value ? value : undefined;
  } catch {
    return undefined;
  }
}

// A slash or a file extension, and no character of JSON, escapes or lists.
const fileName = /^(?=.*\/|.*\.[a-z]\w{0,9}$)[^\s"'\\{}[\]()<>,;|]{1,255}$/i;

/** Returns whether an argument looks like the name of a file. */
function mayNameFile(operand: Operand): operand is Operand & { readonly input: string } {
  const { input, literal } = operand;
  return literal && typeof input === "string" && fileName.test(input);
}

/**
 * Rejects the name of a missing file, which would otherwise be explained as text.
 *
 * @throws CliError `unusable_input`, unless the text is a notation of bytes
 */
export function rejectMissingFile(operand: Operand, { problems }: Explanation): void {
  if (!mayNameFile(operand) || problems[0]?.code !== "unreadable_text") return;
  throw new CliError("unusable_input", `${operand.input} is neither a file nor bytes in a known notation`, {
    hint: "Check the name and the directory, or pass the bytes.",
  });
}

const secretTypes: ReadonlySet<string> = new Set(["payload", "nonce", "scan-code"]);

/** Warns about bytes in an argument that reveal a private key. */
export function warnAboutSecret(session: Session, type: string): void {
  if (!secretTypes.has(type)) return;
  session.warn(`a ${type} reveals the intent's private key. For a real order, pass - and pipe it in.`);
}
