// Sets the address of the repository wherever it occurs: package.json, the documents, and the addresses in
// error messages.
//
//   node scripts/set-repository.mjs <owner>/<name> [--root <directory>]

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { repositoryOf } from "./markdown.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { root: { type: "string", default: dirname(dirname(fileURLToPath(import.meta.url))) } },
});
const [wanted, ...more] = positionals;
if (wanted === undefined || more.length > 0 || !/^[\w-]+\/[\w.-]+$/.test(wanted)) {
  console.error("usage: node scripts/set-repository.mjs <owner>/<name> [--root <directory>]");
  process.exitCode = 2;
} else {
  const current = repositoryOf(JSON.parse(readFileSync(join(values.root, "package.json"), "utf8")));
  const address = new RegExp(`${current.replace(/[.]/g, "\\.")}(?![\\w-])`, "g");
  // Untracked files are included, ignored ones are not.
  const names = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: values.root,
    encoding: "utf8",
  }).split("\0");
  let count = 0;
  for (const name of names.filter((file) => /\.(md|json|ts|mjs|js|yml)$/.test(file))) {
    const text = readFileSync(join(values.root, name), "utf8");
    const changed = text.replace(address, `https://github.com/${wanted}`);
    if (changed === text) continue;
    writeFileSync(join(values.root, name), changed);
    console.log(name);
    count += 1;
  }
  console.log(`${count} files now name https://github.com/${wanted}`);
}
