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

// Cameras cannot read the dots of smaller codes. Larger ones take hundreds of megabytes to draw.
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
    "Draw the scan code of an intent or payload as SVG, as PNG, or on the terminal.",
  )
    .argument("[intent]", "file with the output of `create --json`, or with a payload; - for standard input")
    .addOption(
      new Option("--format <format>", "output format")
        .default(undefined, "from the extension of --output; otherwise terminal on a terminal, or svg")
        .choices(FORMATS),
    )
    .option("--output <path>", "write to a file")
    .option("--force", "overwrite the file")
    .addOption(
      new Option("--size <pixels>", `width and height of SVG and PNG, ${MIN_SIZE} to ${MAX_SIZE}`)
        .argParser(readSize)
        .default(440, "440"),
    )
    .addOption(new Option("--width <columns>", "width on the terminal, 56 to 400").argParser(readNumber))
    .option(
      "--decode <path>",
      "decode a file with the 35 bytes from a scanner instead; - for standard input",
    );
  addSecretOption(command, CLIENT_SECRET, ", if the intent has none");
  completeCommand<ScanCodeOptions>(command, {
    session,
    notes: ["The code reveals the intent's private key. Only you can read the file."],
    examples: [
      { line: "code-intents scan-code intent.json" },
      { line: "code-intents scan-code intent.json --output code.png --size 880" },
      { line: "code-intents create ... --json | code-intents scan-code - > code.svg" },
    ],
    run: async ([source], options) => {
      if (options.decode !== undefined) {
        if (source !== undefined) throw usageError("--decode and an intent cannot be combined");
        return decode(session, options.decode);
      }
      if (source === undefined) throw usageError("no intent given; pass a file, or - for standard input");
      const payload = await readPayload(session, source, options);
      const { output, force = false } = options;
      const format = formatOf(session, options);
      const drawn = await draw(session, payload, format, options);
      if (output !== undefined) {
        const content = typeof drawn === "string" ? `${drawn}\n` : drawn;
        await session.outputs.write(output, content, { force });
        const length = Buffer.byteLength(content);
        return session.result({ format, output, bytes: length }, () =>
          session.out.line(`Wrote ${output}: ${format.toUpperCase()}, ${length} bytes, readable only by you`),
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
      "refusing to print a PNG to a terminal",
      "Pass a file with --output, pipe the output, or pass --format terminal.",
    );
  }
  return format ?? (isTerminal ? "terminal" : "svg");
}

function formatOfName(path: string): Format {
  const ending = extname(path).toLowerCase();
  if (ending === ".svg") return "svg";
  if (ending === ".png") return "png";
  throw usageError(`${path} has neither the extension .svg nor .png`, "Rename it, or pass --format.");
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

/** Converts a drawing to PNG in its own size, with a transparent background. */
async function toPng(svg: string): Promise<Uint8Array> {
  const { initWasm, Resvg } = await import("@resvg/resvg-wasm");
  // The library allows one initialization per process.
  wasm ??= readFile(createRequire(import.meta.url).resolve("@resvg/resvg-wasm/index_bg.wasm")).then(initWasm);
  await wasm;
  return new Resvg(svg).render().asPng();
}

let wasm: Promise<void> | undefined;

async function decode(session: Session, source: string): Promise<void> {
  const encoded = encodedIn(await session.inputs.bytes(source, "the scan code"));
  if (encoded === undefined) {
    throw new CliError("unusable_input", `${sourceName(source)} does not contain a scan code`, {
      hint: `Pass ${ENCODED_LENGTH} bytes, raw or in hex.`,
    });
  }
  const { decodeScanCode } = await import("../../scan-code/index.js");
  const { payload, correctedBytes } = decodeScanCode(encoded);
  const written = payloadText(payload, "hex");
  session.result({ payload: written, correctedBytes }, () => {
    session.details("Scan code", [
      ["payload", written],
      ["corrected", `${correctedBytes} of 35 bytes`],
    ]);
    session.nextSteps("To decode the payload, pipe it into:", "code-intents payload decode -");
  });
}

function encodedIn(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length === ENCODED_LENGTH) return Uint8Array.from(bytes);
  const text = Buffer.from(bytes).toString("latin1").trim();
  const digits = text.replace(/^0x/i, "").replace(/[\s:]/g, "").toLowerCase();
  return /^[0-9a-f]{70}$/.test(digits) ? hex.decode(digits) : undefined;
}

function readNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("Use a whole number.");
  return Number(text);
}

function readSize(text: string): number {
  const size = readNumber(text);
  if (size < MIN_SIZE || size > MAX_SIZE)
    throw new InvalidArgumentError(`Use ${MIN_SIZE} to ${MAX_SIZE} pixels.`);
  return size;
}
