// Writes the drawings of the documents, docs/images/*.svg. A test fails if they are out of date.
//
//   node scripts/drawings.mjs

import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { message, payload } from "./drawings/bytes.mjs";
import { sequence } from "./drawings/sequence.mjs";
import { states } from "./drawings/states.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Returns file names below docs/images/ and their contents. */
export function drawings() {
  // A test compares these values with the package.
  const protocol = readFileSync(join(root, "docs", "protocol.md"), "utf8");
  return {
    "message.svg": message(value(protocol, /^signed, 54 bytes +(\w+)\n +(\w+)$/m, 54)),
    "payload.svg": payload(value(protocol, /^payload +(\w+)$/m, 20)),
    "sequence.svg": sequence(),
    "states.svg": states(),
  };
}

function value(document, pattern, length) {
  const [, ...parts] = pattern.exec(document) ?? [];
  const bytes = parts.join("");
  if (bytes.length !== 2 * length) throw new Error(`docs/protocol.md has no ${length} bytes for ${pattern}`);
  return bytes;
}

const program = process.argv[1];
if (program !== undefined && realpathSync(program) === fileURLToPath(import.meta.url)) {
  for (const [name, contents] of Object.entries(drawings())) {
    writeFileSync(join(root, "docs", "images", name), contents);
  }
}
