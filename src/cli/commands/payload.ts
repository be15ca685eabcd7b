import { type Command, InvalidArgumentError, Option } from "commander";
import type { PayloadKind, RendezvousPayload } from "../../rendezvous/payload.js";
import { addCommand, addGroup, completeCommand } from "../command.js";
import { usageError } from "../failure/errors.js";
import { type PayloadFormat, payloadText, readPayload } from "../intent/payload.js";
import { addSecretOption, CLIENT_SECRET, missingSecret, readSecret } from "../io/secrets.js";
import type { Session } from "../session.js";
import type { Detail } from "../terminal/columns.js";

interface EncodeOptions {
  readonly kind?: PayloadKind;
  readonly currency?: string;
  readonly amount?: string;
  readonly quarks?: bigint;
  readonly username?: string;
  readonly clientSecretFile?: string;
  readonly format: PayloadFormat;
}

/** `code-intents payload encode` and `payload decode` */
export function addPayload(parent: Command, session: Session): void {
  const command = addGroup(
    parent,
    "payload",
    "Encode and decode the 20 bytes of a scan code",
    "Encode and decode the 20 bytes of a scan code. They reveal the intent's private key, so they are read only from files or standard input.",
  );
  addEncode(command, session);
  addDecode(command, session);
}

function addEncode(parent: Command, session: Session): void {
  const command = addCommand(parent, "encode", "Encode the payload of an intent, or of parts")
    .argument("[intent]", "file with the output of `create --json`; - for standard input")
    .addOption(
      new Option("--kind <kind>", "kind of payload, without an intent").choices([
        "payment",
        "payment-with-fees",
        "login",
        "tip",
        "cash",
        "gift-card",
      ]),
    )
    .option("--currency <code>", "currency of a payment")
    .option("--amount <decimal>", "amount of a payment")
    .addOption(
      new Option("--quarks <number>", "quarks of cash or a gift card; one kin is 100,000").argParser(
        readQuarks,
      ),
    )
    .option("--username <name>", "username of a tip")
    .addOption(
      new Option("--format <format>", "output format")
        .choices(["hex", "base64", "bytes"])
        .default("hex", "hex"),
    );
  addSecretOption(command, CLIENT_SECRET, ", for all kinds except tip");
  completeCommand<EncodeOptions>(command, {
    session,
    examples: [
      { line: "code-intents payload encode intent.json" },
      { line: "code-intents payload encode --kind tip --username getcode | code-intents scan-code -" },
      { line: "code-intents payload encode --kind login --client-secret-file secret.txt" },
    ],
    run: async ([source], options) => {
      const bytes =
        source === undefined
          ? await encode(session, options)
          : await readPayload(session, rejectParts(source, options), options);
      const { format } = options;
      if (session.json)
        return session.result(
          { hex: payloadText(bytes, "hex"), base64: payloadText(bytes, "base64") },
          () => {},
        );
      if (format !== "bytes") return session.out.line(payloadText(bytes, format));
      if (session.out.isTerminal)
        throw usageError(
          "refusing to print raw bytes to a terminal",
          "Pipe the output, or pass --format hex.",
        );
      session.out.write(bytes);
    },
  });
}

function addDecode(parent: Command, session: Session): void {
  const command = addCommand(parent, "decode", "Decode a payload and show its intent id").argument(
    "<payload>",
    "file with the payload, raw, in hex, in base64, or as an intent; - for standard input",
  );
  addSecretOption(command, CLIENT_SECRET, ", if the intent has none");
  completeCommand<{ readonly clientSecretFile?: string }>(command, {
    session,
    examples: [{ line: "code-intents payload encode intent.json | code-intents payload decode -" }],
    run: async ([source = ""], options) => {
      const bytes = await readPayload(session, source, options);
      const [{ decodePayload }, { rendezvousKey }, { toBase58 }, { formatUnits }] = await Promise.all([
        import("../../rendezvous/payload.js"),
        import("../../rendezvous/key.js"),
        import("../../lib/bytes.js"),
        import("../../money/amount.js"),
      ]);
      const payload = decodePayload(bytes);
      const intent = toBase58(rendezvousKey(bytes).publicKey);
      const clientSecret = "nonce" in payload ? toBase58(payload.nonce) : undefined;
      const said = payloadParts(payload, formatUnits);
      session.result(
        { intent, kind: payload.kind, ...said, ...(clientSecret === undefined ? {} : { clientSecret }) },
        () => {
          const facts = Object.entries(said).map(([label, value]): Detail => [label, value]);
          session.details(`Payload of ${nouns[payload.kind]}`, [
            ["intent", session.out.paint("bold", intent)],
            ...facts,
            ["client secret", clientSecret],
          ]);
        },
      );
    },
  });
}

const nouns: Readonly<Record<PayloadKind, string>> = {
  cash: "cash",
  "gift-card": "a gift card",
  payment: "a payment",
  "payment-with-fees": "a payment with fees",
  login: "a login",
  tip: "a tip",
};

function payloadParts(
  payload: RendezvousPayload,
  formatUnits: (units: bigint) => string,
): Record<string, string> {
  switch (payload.kind) {
    case "tip":
      return { username: payload.username };
    case "login":
      return {};
    case "cash":
    case "gift-card":
      return { quarks: payload.quarks.toString() };
    default:
      return { currency: payload.currency, amount: formatUnits(payload.units) };
  }
}

async function encode(session: Session, options: EncodeOptions): Promise<Uint8Array> {
  const { kind, currency, amount, quarks, username } = options;
  if (kind === undefined) throw usageError("no payload given; pass the file of an intent, or --kind");
  const [{ encodePayload }, { nonceFromClientSecret }, { parseAmount }, { parseCurrency }] =
    await Promise.all([
      import("../../rendezvous/payload.js"),
      import("../../rendezvous/nonce.js"),
      import("../../money/amount.js"),
      import("../../money/currency.js"),
    ]);
  const needed = { tip: "username", login: undefined, cash: "quarks", "gift-card": "quarks" } as const;
  rejectOthers(
    options,
    kind === "payment" || kind === "payment-with-fees" ? ["currency", "amount"] : [needed[kind]],
  );
  if (kind === "tip") return encodePayload({ kind, username: username ?? "" });
  const clientSecret = await readSecret(session, CLIENT_SECRET, options.clientSecretFile);
  if (clientSecret === undefined) throw missingSecret(CLIENT_SECRET);
  const nonce = nonceFromClientSecret(clientSecret);
  if (kind === "login") return encodePayload({ kind, nonce });
  if (kind === "cash" || kind === "gift-card")
    return encodePayload({ kind, quarks: quarks ?? missing("--quarks"), nonce });
  return encodePayload({ kind, currency: parseCurrency(currency), units: parseAmount(amount).units, nonce });
}

const parts = ["currency", "amount", "quarks", "username"] as const;

function rejectOthers(options: EncodeOptions, welcome: readonly (string | undefined)[]): void {
  const other = parts.find((name) => options[name] !== undefined && !welcome.includes(name));
  if (other !== undefined) throw usageError(`--${other} does not apply to ${nouns[options.kind ?? "tip"]}`);
}

function rejectParts(source: string, options: EncodeOptions): string {
  const other = (["kind", ...parts] as const).find((name) => options[name] !== undefined);
  if (other !== undefined) throw usageError(`--${other} and an intent cannot be combined`);
  return source;
}

function missing(flag: string): never {
  throw usageError(`${flag} is missing`);
}

function readQuarks(text: string): bigint {
  if (!/^\d{1,20}$/.test(text)) throw new InvalidArgumentError("Use a whole number.");
  return BigInt(text);
}
