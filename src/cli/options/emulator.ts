import { type Command, InvalidArgumentError, Option } from "commander";
import type { Activity, Emulator, EmulatorOptions, FetchWellKnown } from "../../emulator/index.js";
import type { VerifierKey } from "../../intents/signer.js";
import { fromBase58 } from "../../lib/bytes.js";
import { CliError } from "../failure/errors.js";
import { addSecretOption, CONTROL_TOKEN, readKey, readSecret, SIGNING_KEY } from "../io/secrets.js";
import type { Session } from "../session.js";

/** Options of `emulator` and `emulator exec`. */
export interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly allowHost?: readonly string[];
  readonly allowOrigin?: readonly string[];
  readonly allowLocalWebhooks?: readonly string[];
  readonly wellKnown?: Readonly<Record<string, string>>;
  readonly limit?: Readonly<Record<string, { readonly min: number; readonly max: number }>>;
  readonly signingKeyFile?: string;
  readonly controlTokenFile?: string;
}

/** Adds the options of {@link ServeOptions}. */
export function addServeOptions(command: Command, port: number): void {
  command
    .addOption(
      new Option("--port <number>", "port to listen on; 0 for any free port")
        .argParser(readPort)
        .default(port, String(port)),
    )
    .addOption(new Option("--host <address>", "address to listen on").default("127.0.0.1", "127.0.0.1"))
    .addOption(
      new Option("--allow-host <name>", "host name to accept in requests; repeatable").argParser(collect),
    )
    .addOption(
      new Option("--allow-origin <origin>", "origin whose pages can call, or *; repeatable").argParser(
        collect,
      ),
    )
    .addOption(
      new Option(
        "--allow-local-webhooks <host>",
        "host whose webhooks can use plain http, ports and private addresses, in addition to loopback; repeatable",
      ).argParser(collect),
    )
    .addOption(
      new Option(
        "--well-known <domain=path>",
        "file to use as the well-known file of a domain, so that logins work offline; repeatable",
      ).argParser(readWellKnown),
    )
    .addOption(
      new Option(
        "--limit <currency=min:max>",
        "smallest and largest amount of a currency; repeatable",
      ).argParser(readLimit),
    );
  addSecretOption(command, SIGNING_KEY);
  addSecretOption(command, CONTROL_TOKEN, " for wallet and control services");
}

/** Starts an emulator. `onActivity` receives each call, payment and attempt of a webhook. */
export async function startEmulator(
  session: Session,
  options: ServeOptions,
  onActivity?: (activity: Activity) => void,
): Promise<Emulator> {
  const { port, host, allowHost, allowOrigin, allowLocalWebhooks, limit } = options;
  const key = await readKey(session, SIGNING_KEY, options.signingKeyFile);
  const controlToken = await readSecret(session, CONTROL_TOKEN, options.controlTokenFile);
  const [{ Emulator, SEQUENCER_LIMITS }, { parseCurrency }] = await Promise.all([
    import("../../emulator/index.js"),
    import("../../money/currency.js"),
  ]);
  const files = await readFiles(session, options.wellKnown);
  for (const currency of Object.keys(limit ?? {})) parseCurrency(currency, "--limit");
  const settings: EmulatorOptions = {
    port,
    host,
    controlToken,
    allowedHosts: allowHost,
    allowedOrigins: allowOrigin?.includes("*") ? "*" : allowOrigin,
    allowLocalWebhooks,
    onActivity,
    ...(files === undefined ? {} : { fetchWellKnown: files }),
    ...(limit === undefined ? {} : { limits: { ...SEQUENCER_LIMITS, ...limit } }),
    ...(key === undefined ? {} : { signingSeed: signingSeedOf(key) }),
    logger: { error: (...data) => session.warn(data.map(String).join(" ")) },
  };
  return Emulator.start(settings);
}

function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError("Use a whole number from 0 to 65535.");
  return Number(text);
}

type Limits = Readonly<Record<string, { readonly min: number; readonly max: number }>>;

function readLimit(text: string, before: Limits = {}): Limits {
  const [, currency, ...amounts] = /^([a-z]{3,8})=(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  const [min = 0, max = 0] = amounts.map(Number);
  if (currency === undefined)
    throw new InvalidArgumentError("Use a currency and two amounts, such as usd=0.05:250.");
  if (min > max) throw new InvalidArgumentError("Put the smallest amount first.");
  return { ...before, [currency]: { min, max } };
}

function readWellKnown(text: string, before: Readonly<Record<string, string>> = {}) {
  const [, domain, path] = /^([^=\s/:]+)=(.+)$/s.exec(text) ?? [];
  if (domain === undefined || path === undefined)
    throw new InvalidArgumentError("Use a domain and a file, such as example.com=code-payments.json.");
  return { ...before, [domain]: path };
}

/**
 * Returns a replacement for the fetch of well-known files that uses the given files, and the network for
 * other domains. The files are read at each fetch, so that a change counts without a restart.
 */
async function readFiles(
  session: Session,
  paths: Readonly<Record<string, string>> | undefined,
): Promise<FetchWellKnown | undefined> {
  if (paths === undefined) return undefined;
  const { fetchWellKnown } = await import("../../server/outbound.js");
  const files = new Map(Object.entries(paths));
  const read = (path: string) => session.inputs.text(path, "the well-known file");
  // Reports a wrong path at once.
  for (const path of files.values()) await read(path);
  return async (url) => {
    const path = files.get(new URL(url).hostname);
    return path === undefined ? fetchWellKnown(url) : { status: 200, body: await read(path) };
  };
}

/** Returns the 32-byte seed of a key, the first half of its 64 bytes in Solana's form. */
function signingSeedOf(key: VerifierKey): Uint8Array {
  const bytes =
    typeof key === "string" ? fromBase58(key) : Array.isArray(key) ? Uint8Array.from(key) : undefined;
  if (bytes?.length === 64) return bytes.slice(0, 32);
  throw new CliError("unusable_input", "the signing key of webhooks is not 64 bytes", {
    hint: "Run `code-intents keys generate` to generate one.",
  });
}

/** Collects the values of a repeatable option. */
function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
