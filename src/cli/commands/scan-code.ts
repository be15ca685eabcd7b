import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { extname } from "node:path";
import { hex } from "@scure/base";
import { type Command, InvalidArgumentError, Option } from "commander";
import { addCommand, completeCommand } from "../command.js";
import { CliError, usageError } from "../failure/errors.js";
import { payloadText, readPayload } from "../intent/payload.js";
import { sourceName } from "../io/inputs.js";
import { addSecretOption, CLIENT_SECRET } from "../io/secrets.js";
import type { Session } from "../session.js";
import { scanCodeLines } from "../terminal/scan-code.js";

const FORMATS = ["svg", "png", "terminal"] as const;
type Format = (typeof FORMATS)[number];

const ENCODED_LENGTH = 35;

// A camera loses the dots of smaller ones; of larger ones the drawing takes hundreds of megabytes.
const MIN_SIZE = 100;
const MAX_SIZE = 4096;

interface ScanCodeOptions {
  readonly format?: Format;
  readonly output?: string;
  readonly force?: boolean;
  readonly size: number;
  readonly width?: number;
  readonly decode?: string;
  readonly clientSecretFile?: string;
}

/** `code-intents scan-code` */
export function addScanCode(parent: Command, session: Session): void {
  const command = addCommand(
    parent,
    "scan-code",
    "Draw the scan code of an intent",
    "Draw the scan code of an intent, or of the 20 bytes of a payload: as SVG, as PNG, or on the terminal.",
  )
    .argument("[intent]", "file with what `create --json` prints, or with a payload; - for standard input")
    .addOption(
      new Option("--format <format>", "how it is drawn")
        .default(undefined, "the ending of --output, else terminal on a terminal, else svg")
        .choices(FORMATS),
    )
    .option("--output <path>", "write it to a file")
    .option("--force", "overwrite that file")
    .addOption(
      new Option("--size <pixels>", `width and height of SVG and PNG, ${MIN_SIZE} to ${MAX_SIZE}`)
        .argParser(readSize)
        .default(440, "440"),
    )
    .addOption(new Option("--width <columns>", "of the terminal's, 56 to 400").argParser(readNumber))
    .option(
      "--decode <path>",
      "instead: the payload of the 35 bytes that a scanner read, in a file; - for standard input",
    );
  addSecretOption(command, CLIENT_SECRET, ", where the intent has none");
  completeCommand<ScanCodeOptions>(command, {
    session,
    notes: ["Whoever sees the code has the intent's private key: the file is readable by you alone."],
    examples: [
      { line: "code-intents scan-code intent.json" },
      { line: "code-intents scan-code intent.json --output code.png --size 880" },
      { line: "code-intents create ... --json | code-intents scan-code - > code.svg" },
    ],
    run: async ([source], options) => {
      if (options.decode !== undefined) {
        if (source !== undefined) throw usageError("--decode and an intent exclude each other");
        return decode(session, options.decode);
      }
      if (source === undefined) throw usageError("name the file of an intent, or - for standard input");
      const payload = await readPayload(session, source, options);
      const { output, force = false } = options;
      const format = formatOf(session, options);
      const drawn = await draw(session, payload, format, options);
      if (output !== undefined) {
        const content = typeof drawn === "string" ? `${drawn}\n` : drawn;
        await session.outputs.write(output, content, { force });
        const length = Buffer.byteLength(content);
        return session.result({ format, output, bytes: length }, () =>
          session.out.line(
            `Wrote ${output}: ${format.toUpperCase()}, ${length} bytes, readable by you alone`,
          ),
        );
      }
      const content = typeof drawn === "string" ? drawn : Buffer.from(drawn).toString("base64");
      session.result({ format, [format]: content }, () => {
        if (typeof drawn === "string") session.out.line(drawn);
        else session.out.write(drawn);
      });
    },
  });
}

function formatOf(session: Session, { format, output }: ScanCodeOptions): Format {
  if (output !== undefined) return format ?? formatOfName(output);
  const { isTerminal } = session.out;
  if (format === "png" && isTerminal && !session.json) {
    throw usageError(
      "a PNG is not for a terminal",
      "Name a file with --output, pipe it, or say --format terminal.",
    );
  }
  return format ?? (isTerminal ? "terminal" : "svg");
}

function formatOfName(path: string): Format {
  const ending = extname(path).toLowerCase();
  if (ending === ".svg") return "svg";
  if (ending === ".png") return "png";
  throw usageError(`${path} ends neither in .svg nor in .png`, "Name it so, or say --format.");
}

async function draw(
  session: Session,
  payload: Uint8Array,
  format: Format,
  { size, width, output }: ScanCodeOptions,
): Promise<string | Uint8Array> {
  if (format === "terminal") {
    const columns = width ?? Math.min(Math.max(session.out.columns ?? 64, 56), 64);
    const { toTerminal } = await import("../../scan-code/index.js");
    return output === undefined && !session.json
      ? scanCodeLines(session.out, payload, columns)
      : toTerminal(payload, { width: columns });
  }
  const { toSvg } = await import("../../scan-code/index.js");
  const svg = toSvg(payload, { size });
  if (format === "svg") return svg;
  return toPng(svg);
}

/** A drawing as PNG, in its own size; what it leaves free is transparent. */
async function toPng(svg: string): Promise<Uint8Array> {
  const { initWasm, Resvg } = await import("@resvg/resvg-wasm");
  // The library allows this once in a process.
  wasm ??= readFile(createRequire(import.meta.url).resolve("@resvg/resvg-wasm/index_bg.wasm")).then(initWasm);
  await wasm;
  return new Resvg(svg).render().asPng();
}

let wasm: Promise<void> | undefined;

async function decode(session: Session, source: string): Promise<void> {
  const encoded = encodedIn(await session.inputs.bytes(source, "the scan code"));
  if (encoded === undefined) {
    throw new CliError("unusable_input", `${sourceName(source)} holds no scan code`, {
      hint: `A scan code is ${ENCODED_LENGTH} bytes: as they are, or in hex.`,
    });
  }
  const { decodeScanCode } = await import("../../scan-code/index.js");
  const { payload, correctedBytes } = decodeScanCode(encoded);
  const written = payloadText(payload, "hex");
  session.result({ payload: written, correctedBytes }, () => {
    session.details("A scan code", [
      ["payload", written],
      ["corrected", `${correctedBytes} of 35 bytes`],
    ]);
    session.nextSteps("Pipe the payload into this, to see what it says:", "code-intents payload decode -");
  });
}

function encodedIn(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length === ENCODED_LENGTH) return Uint8Array.from(bytes);
  const text = Buffer.from(bytes).toString("latin1").trim();
  const digits = text.replace(/^0x/i, "").replace(/[\s:]/g, "").toLowerCase();
  return /^[0-9a-f]{70}$/.test(digits) ? hex.decode(digits) : undefined;
}

function readNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("It is a whole number.");
  return Number(text);
}

function readSize(text: string): number {
  const size = readNumber(text);
  if (size < MIN_SIZE || size > MAX_SIZE)
    throw new InvalidArgumentError(`It is from ${MIN_SIZE} to ${MAX_SIZE} pixels.`);
  return size;
}
