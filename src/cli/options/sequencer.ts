import { type Command, Option } from "commander";
import type { CodeClient } from "../../client/client.js";
import type { ConnectingClientOptions } from "../../client/options.js";
import { PROTOCOLS, type Protocol } from "../../sequencer/capabilities.js";
import { VariableOption } from "../command.js";
import { withFlagNames } from "../failure/flag-names.js";
import type { Session } from "../session.js";
import { parsePositiveDuration } from "./duration.js";

/** Options that select the sequencer and how to call it. */
export interface SequencerOptions {
  readonly url?: string;
  readonly protocol?: Protocol;
  readonly allowInsecure?: boolean;
  /** Deadline of one call, in milliseconds. */
  readonly timeout?: number;
}

/**
 * Adds the options of {@link SequencerOptions}. Without `callTimeout`, the command defines another
 * `--timeout`.
 */
export function addSequencerOptions(command: Command, callTimeout = true): void {
  addUrlOptions(command);
  add(
    command,
    new Option("--protocol <name>", "protocol to use").choices(PROTOCOLS).default("connect", "connect"),
  );
  if (!callTimeout) return;
  add(
    command,
    new Option("--timeout <duration>", "deadline of the call, including retries")
      .argParser(parsePositiveDuration)
      .default(10_000, "10s"),
  );
}

/** Adds the options for the sequencer's URL. */
export function addUrlOptions(command: Command): void {
  add(command, new VariableOption("--url <url>", "URL of the sequencer", "CODE_SEQUENCER_URL"));
  add(
    command,
    new Option("--allow-insecure", "allow unencrypted http beyond loopback; responses can be forged"),
  );
}

function add(command: Command, option: Option): void {
  command.addOption(option.helpGroup("Sequencer options:"));
}

/** Calls `run` with a client, then closes the client. */
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

/** Returns the client options that select the sequencer. */
export function targetOf({ url, allowInsecure = false }: SequencerOptions): {
  baseUrl: string;
  allowInsecure: boolean;
} {
  // Without a URL, the client would read the environment of the process instead of the session.
  return { baseUrl: url ?? "", allowInsecure };
}
