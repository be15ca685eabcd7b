import type { Explanation } from "../../inspect/explanation.js";
import { CliError } from "../failure/errors.js";
import type { Session } from "../session.js";
import { type AnyIntent, rebuildIntent } from "./document.js";

/** What a command looks at, and where it came from. */
export interface Operand {
  /** Text, bytes, or an intent where a document of one was given. */
  readonly input: string | Uint8Array | AnyIntent;
  /** Whether it stood on the command line itself. */
  readonly literal: boolean;
}

/** Standard input for `-`, the file of this name where there is one, else the text itself. */
export async function readOperand(session: Session, source: string): Promise<Operand> {
  if (source !== "-" && !(await session.inputs.isFile(source))) return { input: source, literal: true };
  return readFileOperand(session, source);
}

/** A file, or standard input for `-`. */
export async function readFileOperand(session: Session, source: string): Promise<Operand> {
  const bytes = await session.inputs.bytes(source, "the input");
  const document = documentIn(bytes);
  return {
    input: document === undefined ? bytes : await rebuildIntent(session, document, source),
    literal: false,
  };
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

// A folder before it, or an ending after it, and nothing that no name has; JSON, escapes and lists are no names.
const fileName = /^(?=.*\/|.*\.[a-z]\w{0,9}$)[^\s"'\\{}[\]()<>,;|]{1,255}$/i;

/** Whether text on the command line looks like the name of a file. */
function mayNameFile(operand: Operand): operand is Operand & { readonly input: string } {
  const { input, literal } = operand;
  return literal && typeof input === "string" && fileName.test(input);
}

/**
 * Rejects the name of a file that is not there, which would be explained as text otherwise.
 *
 * @throws CliError `unusable_input`, unless the text could be read as bytes after all
 */
export function rejectMissingFile(operand: Operand, { problems }: Explanation): void {
  if (!mayNameFile(operand) || problems[0]?.code !== "unreadable_text") return;
  throw new CliError(
    "unusable_input",
    `there is no file ${operand.input}, and as bytes in a notation it cannot be read`,
    {
      hint: "Check the name and the directory, or give the bytes themselves.",
    },
  );
}

const secretTypes: ReadonlySet<string> = new Set(["payload", "nonce", "scan-code"]);

/** Says of bytes that stand on the command line themselves what they give away, where they are a secret. */
export function warnAboutSecret(session: Session, type: string): void {
  if (!secretTypes.has(type)) return;
  session.warn(`a ${type} gives an intent's private key. Of a real order, pipe it in and say -.`);
}
