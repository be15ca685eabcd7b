import os from "node:os";

/**
 * One row of a table.
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {import("./measure.mjs").Ratio} ratio
 * @property {{ atLeast: number } | { atMost: number }} [target]
 */

/** @typedef {{ title: string, rows: Row[] }} Table */

const heads = ["", "ratio", "min–max", "target", ""];

/**
 * @param {readonly Table[]} tables
 * @returns {string}
 */
export function asText(tables) {
  const blocks = tables.map(({ title, rows }) => [title, ...rows.map(cells)]);
  const lines = blocks.flat().filter((line) => typeof line !== "string");
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  /** @param {readonly string[]} line */
  const aligned = (line) =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd();
  const text = blocks.map((block) =>
    block.map((line) => (typeof line === "string" ? line : `  ${aligned(line)}`)).join("\n"),
  );
  return [machine(), `  ${aligned(heads)}`, ...text, verdict(tables)].join("\n\n");
}

/**
 * @param {readonly Table[]} tables
 * @returns {string}
 */
export function asMarkdown(tables) {
  const blocks = tables.map(({ title, rows }) =>
    [`| ${title} | ratio | min–max | target | |`, "|---|--:|--:|--:|---|", ...rows.map(markdownRow)].join(
      "\n",
    ),
  );
  return [machine(), ...blocks, verdict(tables)].join("\n\n");
}

/**
 * Returns the rows that miss their target.
 *
 * @param {readonly Table[]} tables
 * @returns {Row[]}
 */
export function missed(tables) {
  return tables.flatMap(({ rows }) => rows).filter((row) => result(row) === "MISS");
}

/** @param {Row} row */
function markdownRow(row) {
  return `| ${cells(row).join(" | ")} |`;
}

/** @param {Row} row */
function cells(row) {
  const { name, ratio, target } = row;
  return [
    name,
    `${digits(ratio.median)}x`,
    `${digits(ratio.min)}–${digits(ratio.max)}`,
    target === undefined ? "" : "atLeast" in target ? limit("≥", target.atLeast) : limit("≤", target.atMost),
    result(row),
  ];
}

/**
 * @param {string} sign
 * @param {number} value
 */
function limit(sign, value) {
  return `${sign} ${Number(value.toFixed(2))}x`;
}

/** @param {Row} row */
function result({ ratio, target }) {
  if (target === undefined) return "";
  const hit = "atLeast" in target ? ratio.median >= target.atLeast : ratio.median <= target.atMost;
  return hit ? "PASS" : "MISS";
}

/** @param {readonly Table[]} tables */
function verdict(tables) {
  const misses = missed(tables).length;
  return misses === 0 ? "All targets met." : `${misses} ${misses === 1 ? "target" : "targets"} missed.`;
}

function machine() {
  const cpus = os.cpus();
  const model = cpus[0]?.model.trim() || "unknown processor";
  const day = new Date().toISOString().slice(0, 10);
  return `${model}, ${cpus.length} cores, Node ${process.version}, ${process.platform} ${process.arch}, ${day}`;
}

/** @param {number} value */
function digits(value) {
  return value.toFixed(value >= 10 ? 1 : 2);
}
