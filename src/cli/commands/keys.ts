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
    "Make the key of a domain, and the file that lists it",
    "Make the key that signs logins for your domain, and the well-known file that lists it.",
  );
  addGenerate(command, session);
  addWellKnown(command, session);
}

function addGenerate(parent: Command, session: Session): void {
  const command = addCommand(
    parent,
    "generate",
    "Make a verifier's key",
    "Make a verifier's key: an Ed25519 key in Solana's form, a JSON array of 64 bytes, in a file for you alone.",
  )
    .argument("<path>", "where to put it; - for standard output")
    .option("--force", "overwrite that file");
  completeCommand<{ readonly force?: boolean }>(command, {
    session,
    notes: ["The emulator signs its webhooks with such a key as well: emulator --signing-key-file."],
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
          throw new CliError("usage", "a secret key is not for a terminal", {
            hint: "Name a file, or pipe it.",
          });
        return session.out.write(file);
      }
      await session.outputs.write(path, file, { force });
      const publicKeyText = toBase58(publicKey);
      session.result({ path, publicKey: publicKeyText }, () => {
        session.details("Generated", [
          ["public key", session.out.paint("bold", publicKeyText)],
          ["secret key", `${path}, readable by you alone; keep it safe`],
        ]);
        session.nextSteps("For the file that your domain serves:", `code-intents keys well-known ${path}`);
      });
    },
  });
}

function addWellKnown(parent: Command, session: Session): void {
  const command = addCommand(
    parent,
    "well-known",
    "Print the file by which a domain lists its verifiers",
    "Print the file by which a domain lists its verifiers; it holds public keys alone.",
  ).argument(
    "[keys...]",
    "public keys in base58, or files with secret ones; - for standard input (default: CODE_VERIFIER_KEY)",
  );
  completeCommand(command, {
    session,
    examples: [
      { line: "code-intents keys well-known verifier.json > code-payments.json" },
      {
        line: "code-intents keys well-known new.json 2KW2XRd9kwqet15Aha2oK3tYvd3nWbTFH1MBiRAv1BE1",
        does: "while one key replaces another",
      },
    ],
    run: async (sources) => {
      const { WELL_KNOWN_PATH, wellKnownFile } = await import("../../well-known.js");
      session.out.line(wellKnownFile(await readVerifiers(session, sources)));
      session.note(`Serve it at https://<your domain>${WELL_KNOWN_PATH}`);
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
    else
      keys.push(keyOf(await session.inputs.text(source, "the key"), `the key, from ${sourceName(source)}`));
  }
  return keys;
}
