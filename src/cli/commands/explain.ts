import { hex } from "@scure/base";
import type { Command } from "commander";
import type { Explanation } from "../../inspect/explanation.js";
import type { InspectNode } from "../../inspect/types.js";
import { addCommand, completeCommand } from "../command.js";
import { usageError } from "../failure/errors.js";
import { EXIT } from "../failure/exit-codes.js";
import {
  type Operand,
  readFileOperand,
  readOperand,
  rejectMissingFile,
  warnAboutSecret,
} from "../intent/operand.js";
import type { Session } from "../session.js";

interface ExplainOptions {
  readonly file?: string;
  readonly as?: string;
  readonly publicKey?: string;
}

/** `code-intents explain` */
export function addExplain(parent: Command, session: Session): void {
  const command = addCommand(
    parent,
    "explain",
    "Identify bytes, explain each one and find the first wrong one",
    "Identify bytes, explain each one, verify signatures and find the first wrong byte.",
  )
    .argument("[input]", "bytes in any notation, or a file; - for standard input")
    .option("--file <path>", "file to explain, even if its name looks like bytes")
    .option("--as <type>", "type of the bytes, such as Message or payload; overrides detection")
    .option("--public-key <base58>", "key to verify with, if the bytes contain none");
  completeCommand<ExplainOptions>(command, {
    session,
    notes: [
      "Accepts hex, hex dumps, lists of numbers, escaped text, base64, base58, REST bodies, webhooks and intents. " +
        "Exits with 5 if a byte is wrong or doubtful, a signature does not verify, or no known type fits.",
    ],
    examples: [
      { line: "code-intents explain 0a220a20..." },
      { line: "curl ... | code-intents explain - --as GetStatusResponse" },
      { line: "code-intents explain intent.json", does: "explain the message of an intent" },
    ],
    run: async ([source], options) => {
      const operand = await operandOf(session, source, options);
      const { explain, renderExplanation } = await import("../../inspect/index.js");
      const { as, publicKey } = options;
      const explanation = explain(bytesOf(operand), { as, publicKey });
      rejectMissingFile(operand, explanation);
      if (operand.literal) warnAboutSecret(session, explanation.type);
      session.result(explanationDocument(explanation), () => {
        const { out } = session;
        out.line(renderExplanation(explanation, { color: out.color, width: out.columns ?? 110 }));
      });
      return isSound(explanation, as) ? EXIT.done : EXIT.mismatch;
    },
  });
}

function operandOf(session: Session, source: string | undefined, { file }: ExplainOptions): Promise<Operand> {
  if (file !== undefined) {
    if (source !== undefined) throw usageError("--file and an input cannot be combined");
    return readFileOperand(session, file);
  }
  if (source === undefined) throw usageError("no input given; pass bytes, a file, or - for standard input");
  return readOperand(session, source);
}

function bytesOf({ input }: Operand): string | Uint8Array {
  return typeof input === "string" || input instanceof Uint8Array ? input : input.toBinary();
}

// The types of input that fits no known type.
const unknownTypes: ReadonlySet<string> = new Set(["bytes", "protobuf", "json-object"]);

function isSound({ type, problems, checks }: Explanation, as: string | undefined): boolean {
  if (as === undefined && unknownTypes.has(type)) return false;
  return problems.length === 0 && checks.every(({ outcome }) => outcome !== "failed");
}

/** Returns an explanation for JSON: bytes in hex, each once, and 64-bit numbers as decimal text. */
function explanationDocument(explanation: Explanation): object {
  const { type, notation, summary, verdict, alternatives, problems, checks, canonical } = explanation;
  return {
    type,
    notation,
    summary,
    verdict,
    alternatives,
    problems,
    checks,
    sections: explanation.sections.map(({ type, title, tree }) => ({
      type,
      title,
      bytes: hex.encode(tree.bytes),
      tree: nodeDocument(tree),
    })),
    ...(canonical === undefined ? {} : { canonical: { ...canonical, bytes: hex.encode(canonical.bytes) } }),
  };
}

function nodeDocument({ kind, label, path, offset, length, meaning, value, children }: InspectNode): object {
  return {
    kind,
    label,
    path,
    offset,
    length,
    meaning,
    ...(value === undefined ? {} : { value: valueDocument(value) }),
    ...(children.length === 0 ? {} : { children: children.map(nodeDocument) }),
  };
}

function valueDocument(value: NonNullable<InspectNode["value"]>): string | number | boolean {
  if (value instanceof Uint8Array) return hex.encode(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return typeof value === "bigint" ? value.toString() : value;
}
