/** What the program ends with. Scripts rely on these numbers. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  timeout: 3,
  rejected: 4,
  mismatch: 5,
  notExecutable: 126,
  notFound: 127,
} as const;

/** The documented table, in order; docs/cli.md repeats it, and a test compares the two. */
export const EXIT_CODES: readonly { readonly code: string; readonly meaning: string }[] = [
  { code: "0", meaning: "done; of a wait: what was waited for has come; of emulator: it was stopped" },
  { code: "1", meaning: "the call failed or was refused, or something else went wrong" },
  { code: "2", meaning: "wrong usage, or input that cannot be used; nothing was sent" },
  { code: "3", meaning: "the time was up before a payment, a login or the webhook's answer" },
  { code: "4", meaning: "the payer or user declined, with --until rejected" },
  { code: "5", meaning: "looked at, and not as it must be: a webhook, an intent, bytes, a difference" },
  { code: "126, 127", meaning: "emulator exec: the command cannot be run, or is not found" },
  {
    code: "128 + n",
    meaning: "ended by signal n before it was done: 129 hangup, 130 Ctrl-C, 141 a reader that went away, 143",
  },
];

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** Signals that end a command. */
export type EndingSignal = keyof typeof signalNumbers;

/** Every {@link EndingSignal}. */
export const ENDING_SIGNALS = Object.keys(signalNumbers) as readonly EndingSignal[];

/** The exit code of a program that a signal ended, as shells give it. */
export function exitCodeOf(signal: EndingSignal): number {
  return 128 + signalNumbers[signal];
}

/** Where the reader of the output went away, as `head` does. */
export const EXIT_BROKEN_PIPE = 141;
