/** Exit codes. Scripts rely on these numbers. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  timeout: 3,
  rejected: 4,
  mismatch: 5,
  unknown: 6,
  notExecutable: 126,
  notFound: 127,
} as const;

/** The table of exit codes in the help and in docs/cli.md, in order. A test compares the two. */
export const EXIT_CODES: readonly { readonly code: string; readonly meaning: string }[] = [
  { code: "0", meaning: "success; `emulator` exits with 0 on Ctrl-C" },
  { code: "1", meaning: "the call failed or was rejected, or another error occurred" },
  { code: "2", meaning: "invalid usage or input; nothing was sent" },
  { code: "3", meaning: "timed out waiting for a payment, a login or the webhook's response" },
  { code: "4", meaning: "the payer or user declined (`--until rejected`)" },
  {
    code: "5",
    meaning:
      "a check failed: a webhook or an intent does not match, bytes are wrong or differ, a webhook was already registered or not confirmed, or no user logged in",
  },
  { code: "6", meaning: "`status`: the sequencer does not know the intent" },
  { code: "126, 127", meaning: "`emulator exec`: the command cannot be run, or was not found" },
  {
    code: "128 + n",
    meaning: "ended by signal n: 129 SIGHUP, 130 Ctrl-C, 141 closed pipe, 143 SIGTERM",
  },
];

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** Signals that end a command. */
export type EndingSignal = keyof typeof signalNumbers;

/** Every {@link EndingSignal}. */
export const ENDING_SIGNALS = Object.keys(signalNumbers) as readonly EndingSignal[];

/** Returns the exit code of a program that a signal ended, as shells report it. */
export function exitCodeOf(signal: EndingSignal): number {
  return 128 + signalNumbers[signal];
}

/** Exit code if the reader of the output closes the pipe, as `head` does. */
export const EXIT_BROKEN_PIPE = 141;
