/**
 * `npm run bench`: compares this package with the official TypeScript packages, in one process.
 *
 * node bench/run.mjs [--quick] [--check] [--markdown]
 */
import { parseArgs } from "node:util";
import { ensureBuilt } from "./build.mjs";
import { asMarkdown, asText, missed } from "./report.mjs";

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
  },
});

/** @type {import("./measure.mjs").Effort} */
const full = { rounds: 41, warmUpMs: 1000, batchMs: 80, callRounds: 25, callMs: 350, starts: 25 };
/** @type {import("./measure.mjs").Effort} */
const quick = { rounds: 11, warmUpMs: 500, batchMs: 30, callRounds: 7, callMs: 100, starts: 9 };
const effort = flags.quick ? quick : full;

ensureBuilt();
// Imported after the build, because they import the built package.
const sections = [
  (await import("./sign.mjs")).compareSigning,
  (await import("./encode.mjs")).compareEncoding,
  (await import("./create.mjs")).compareCreating,
  (await import("./start-up.mjs")).compareStartUp,
  (await import("./webhook.mjs")).compareWebhooks,
  (await import("./page.mjs")).comparePages,
];

/** @type {import("./report.mjs").Table[]} */
const tables = [];
for (const compare of sections) {
  console.error(`running ${compare.name}`);
  tables.push(...(await compare(effort)));
}
console.log(flags.markdown ? asMarkdown(tables) : asText(tables));
if (flags.check && missed(tables).length > 0) process.exitCode = 1;
