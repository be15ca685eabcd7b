// Where an option of the library has another name on the command line.
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

/** What a field of the library's errors is called on the command line. */
export function flagOf(field: string): string {
  const fee = /^fees\[(\d+)\](?:\.(.*))?$/.exec(field);
  if (fee !== null) return `--fee ${Number(fee[1]) + 1}${fee[2] === undefined ? "" : `, ${fee[2]}`}`;
  if (field === "fees") return "--fee";
  return flags[field] ?? field;
}

const words: readonly (readonly [RegExp, string])[] = [
  [/\bbaseUrl\b/g, "--url"],
  [/\btimeoutMs\b/g, "--timeout"],
  [/\ballowInsecure\b/g, "--allow-insecure"],
  [/\bgetStatus\(\)/g, "`code-intents status`"],
  [/\bcreate\(\)/g, "`code-intents create`"],
  [/, or pass rounding: "nearest"/g, ""],
  [/set httpVersion: "1\.1"/g, "say --protocol rest"],
];

/** A message of the library with the names that its options and calls have on the command line. */
export function inFlags(message: string): string {
  return words.reduce((text, [name, flag]) => text.replace(name, flag), message);
}
