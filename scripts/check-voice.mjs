// Finds words to avoid in everything that people read: documents, comments, messages, pages and test titles.
// CONTRIBUTING.md says what to write instead.
//
//   node scripts/check-voice.mjs [--list] [<file> ...]
//
// Prints the count for each file; with `--list`, each finding. Without file names, it checks all files that
// git tracks.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { placesOf } from "./voice/places.mjs";
import { findings } from "./voice/words.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values, positionals } = parseArgs({ allowPositionals: true, options: { list: { type: "boolean" } } });

const files =
  positionals.length > 0
    ? positionals
    : execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" }).split("\0");

let total = 0;
let checked = 0;
for (const file of files) {
  const path = join(root, file);
  if (file === "" || !existsSync(path)) continue;
  const places = placesOf(file, () => readFileSync(path, "utf8"));
  if (places === undefined) continue;
  checked += 1;
  const found = places.flatMap((place) => findings(file, place));
  if (found.length === 0) continue;
  total += found.length;
  console.log(`${String(found.length).padStart(4)}  ${file}`);
  if (!values.list) continue;
  for (const { line, problem, excerpt } of found)
    console.log(`      ${file}:${line}: ${problem}: ${excerpt}`);
}
console.log(`${checked} files checked, ${total} findings`);
if (checked === 0 || total > 0) process.exitCode = 1;
