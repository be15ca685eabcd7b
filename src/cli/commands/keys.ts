import type { Command } from "commander";
import type { VerifierKey } from "../../intents/signer.js";
import { addCommand, addGroup, completeCommand } from "../command.js";
import { CliError } from "../failure/errors.js";
import { isIntentId as isPublicKey } from "../intent/id.js";
import { sourceName } from "../io/inputs.js";
import { keyOf, missingSecret, readKey, VERIFIER_KEY } from "../io/secrets.js";
import type { Session } from "../session.js";

/** `code-intents keys generate` and `keys well-known` */
export function addKeys(parent: Command, session: Session): void {
  const command = addGroup(
    parent,
    "keys",
    "Generate a verifier's key and the well-known file",
    "Generate the key that signs logins for your domain, and the well-known file that lists it.",
  );
  addGenerate(command, session);
  addWellKnown(command, session);
}

function addGenerate(parent: Command, session: Session): void {
  const command = addCommand(
    parent,
    "generate",
    "Generate a verifier's key",
    "Generate a verifier's key: an Ed25519 keypair as a JSON array of 64 bytes, like Solana's. Only you can read the file.",
  )
    .argument("<path>", "file to write; - for standard output")
    .option("--force", "overwrite the file");
  completeCommand<{ readonly force?: boolean }>(command, {
    session,
    notes: ["`emulator --signing-key-file` takes such a key, too."],
    examples: [
      { line: "code-intents keys generate verifier.json" },
      { line: "code-intents keys generate - | vault kv put secret/code-verifier key=-" },
    ],
    run: async ([path = "-"], { force = false }) => {
      const [crypto, { toBase58 }] = await Promise.all([import("#crypto"), import("../../lib/bytes.js")]);
      const seed = globalThis.crypto.getRandomValues(new Uint8Array(32));
      const publicKey = crypto.keyFromSeed(seed).publicKey;
      const file = `${JSON.stringify([...seed, ...publicKey])}\n`;
      if (path === "-") {
        if (session.out.isTerminal)
          throw new CliError("usage", "refusing to print a private key to a terminal", {
            hint: "Pass a file, or pipe the output.",
          });
        return session.out.write(file);
      }
      await session.outputs.write(path, file, { force });
      const publicKeyText = toBase58(publicKey);
      session.result({ path, publicKey: publicKeyText }, () => {
        session.details("Generated", [
          ["public key", session.out.paint("bold", publicKeyText)],
          ["private key", `${path}, readable only by you`],
        ]);
        session.nextSteps(
          "To generate the file that your domain serves:",
          `code-intents keys well-known ${path}`,
        );
      });
    },
  });
}

function addWellKnown(parent: Command, session: Session): void {
  const command = addCommand(
    parent,
    "well-known",
    "Print the well-known file that lists a domain's verifiers",
    "Print the well-known file that lists a domain's verifiers. It contains only public keys.",
  ).argument(
    "[keys...]",
    "public keys in base58, or files with private keys; - for standard input (default: CODE_VERIFIER_KEY)",
  );
  completeCommand(command, {
    session,
    examples: [
      { line: "code-intents keys well-known verifier.json > code-payments.json" },
      {
        line: "code-intents keys well-known new.json 2KW2XRd9kwqet15Aha2oK3tYvd3nWbTFH1MBiRAv1BE1",
        does: "list two keys while one replaces the other",
      },
    ],
    run: async (sources) => {
      const { WELL_KNOWN_PATH, wellKnownFile } = await import("../../well-known.js");
      session.out.line(wellKnownFile(await readVerifiers(session, sources)));
      session.note(`Serve this file at https://<your domain>${WELL_KNOWN_PATH}`);
    },
  });
}

async function readVerifiers(session: Session, sources: readonly string[]): Promise<VerifierKey[]> {
  if (sources.length === 0) {
    const key = await readKey(session, VERIFIER_KEY, undefined);
    if (key === undefined) throw missingSecret(VERIFIER_KEY);
    return [key];
  }
  const keys: VerifierKey[] = [];
  for (const source of sources) {
    if (isPublicKey(source)) keys.push(source);
    else keys.push(keyOf(await session.inputs.text(source, "the key"), `the key from ${sourceName(source)}`));
  }
  return keys;
}
