import { type Command, Option } from "commander";
import type { CodeClient } from "../../client/client.js";
import type { ConnectingClientOptions } from "../../client/options.js";
import { PROTOCOLS, type Protocol } from "../../sequencer/capabilities.js";
import { VariableOption } from "../command.js";
import { withFlagNames } from "../failure/flag-names.js";
import type { Session } from "../session.js";
import { parsePositiveDuration } from "./duration.js";

/** Where calls go, and how. */
export interface SequencerOptions {
  readonly url?: string;
  readonly protocol?: Protocol;
  readonly allowInsecure?: boolean;
  /** Milliseconds of one call. */
  readonly timeout?: number;
}

/** Adds the options of {@link SequencerOptions}; without `callTimeout` the command has a `--timeout` of its own. */
export function addSequencerOptions(command: Command, callTimeout = true): void {
  addUrlOptions(command);
  add(
    command,
    new Option("--protocol <name>", "how to talk to it").choices(PROTOCOLS).default("connect", "connect"),
  );
  if (!callTimeout) return;
  add(
    command,
    new Option("--timeout <duration>", "time for the call, retries included")
      .argParser(parsePositiveDuration)
      .default(10_000, "10s"),
  );
}

/** Adds the options that say where the sequencer is. */
export function addUrlOptions(command: Command): void {
  add(command, new VariableOption("--url <url>", "where it is", "CODE_SEQUENCER_URL"));
  add(
    command,
    new Option("--allow-insecure", "allow plain http beyond loopback, where anybody can forge answers"),
  );
}

function add(command: Command, option: Option): void {
  command.addOption(option.helpGroup("The sequencer:"));
}

/** Runs with a client, and closes it. */
export async function withClient<T>(
  session: Session,
  options: SequencerOptions,
  run: (code: CodeClient) => Promise<T>,
  more: Pick<ConnectingClientOptions, "fetch" | "interceptors"> = {},
): Promise<T> {
  const { CodeClient } = await import("../../client/client.js");
  const code = new CodeClient({
    ...targetOf(options),
    protocol: options.protocol,
    ...(options.timeout === undefined ? {} : { timeoutMs: options.timeout }),
    logger: { warn: (message) => session.warn(withFlagNames(message)) },
    ...more,
  });
  try {
    return await run(code);
  } finally {
    await code.close();
  }
}

/** The options of a client that name its sequencer. */
export function targetOf({ url, allowInsecure = false }: SequencerOptions): {
  baseUrl: string;
  allowInsecure: boolean;
} {
  // Without a URL the client would look into the environment of the process by itself.
  return { baseUrl: url ?? "", allowInsecure };
}
