// Options of the library, and their names on the command line.
const flags: Readonly<Record<string, string>> = {
  allowInsecure: "--allow-insecure",
  amount: "--amount",
  baseUrl: "--url",
  clientSecret: "the client secret",
  controlToken: "the control token",
  currency: "--currency",
  destination: "--destination",
  encoded: "--decode",
  expectedId: "id",
  fees: "--fee",
  host: "--host",
  idempotencyKey: "--idempotency-key",
  idempotencySecret: "the idempotency secret",
  intent: "<intent>",
  "login.domain": "the domain",
  "login.verifier": "the verifier's key",
  port: "--port",
  publicKey: "--public-key",
  quarks: "--quarks",
  size: "--size",
  timeoutMs: "--timeout",
  units: "--amount",
  until: "--until",
  url: "--webhook",
  username: "--username",
  verifier: "the verifier's key",
  "webhook.url": "--webhook",
  width: "--width",
};

// The same for members of a list or of an object.
const members: readonly (readonly [RegExp, (...parts: string[]) => string])[] = [
  [/^fees\[(\d+)\](?:\.(.*))?$/, (index, name) => `--fee ${nth(index)}${name ? `, ${name}` : ""}`],
  [/^verifiers\[(\d+)\]$/, (index) => `key ${nth(index)}`],
  [/^expect\.(.*)$/, (name) => `--expect, ${name}`],
];

/** Returns the name on the command line for a field of the library's errors. */
export function flagOf(field: string): string {
  for (const [form, flag] of members) {
    const parts = form.exec(field)?.slice(1);
    if (parts !== undefined) return flag(...parts);
  }
  return flags[field] ?? field;
}

function nth(index: string | undefined): number {
  return Number(index) + 1;
}

const words: readonly (readonly [RegExp, string])[] = [
  [/\bbaseUrl and protocol\b/g, "--url and --protocol"],
  [/\bbaseUrl\b/g, "--url"],
  [/^webhook\.url\b/g, "--webhook"],
  [/\btimeoutMs\b/g, "--timeout"],
  [/\ballowInsecure\b/g, "--allow-insecure"],
  [/\ballowLocalWebhooks\b/g, "--allow-local-webhooks"],
  [/\bgetStatus\(\)/g, "`code-intents status`"],
  [/\bcreate\(\)/g, "`code-intents create`"],
  [/, or pass rounding: "nearest"/g, ""],
  [/ \(in production PRODUCTION_WEBHOOK_PUBLIC_KEY\)/g, "; --production selects the production key"],
  [
    /\bpass a signer( \{.*\})? or the (?:secret|private) key$/g,
    "pass the private key, as `code-intents keys generate` writes it",
  ],
  [/\ba Uint8Array of (\d+) bytes/g, "$1 bytes"],
  [/\ba bigint\b/g, "a whole number"],
  [/set httpVersion: "1\.1"/g, "use --protocol rest"],
];

/** Replaces the names of options and calls in a message of the library with those of the command line. */
export function withFlagNames(message: string): string {
  const named = message.replace(/\bfees\[\d+\]\.\w+/g, flagOf);
  return words.reduce((text, [name, flag]) => text.replace(name, flag), named);
}
