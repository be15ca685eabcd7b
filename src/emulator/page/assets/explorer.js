/** The byte explorer: a message's summary, verdict and checks, and each section's bytes beside their meaning. */

import { copyButton, el } from "./dom.js";
import { hexOf, hexView } from "./hex.js";
import { lineTree } from "./lines.js";
import { count, shorten } from "./words.js";

/** @import { Check, Explanation, Section } from "./types.js" */

/**
 * @param {Explanation} explanation
 * @param {string} name of the explained message, unique on the page
 * @returns {Node[]}
 */
export function explorer({ summary = "", verdict = "", wrong, sections = [], checks = [] }, name) {
  return [
    el("p", {}, summary),
    el("p", { class: wrong ? "verdict bad" : "verdict good" }, verdict),
    ...(checks.length === 0 ? [] : [el("ul", { class: "checks" }, ...checks.map(checkItem))]),
    ...sections.map((section, index) =>
      sectionView(section, index === 0, `${name}: ${section.type} ${section.title}`),
    ),
  ];
}

/** @type {Record<string, [string, string]>} */
const outcomes = {
  CHECK_OUTCOME_PASSED: ["good", "Passed"],
  CHECK_OUTCOME_FAILED: ["bad", "Failed"],
  CHECK_OUTCOME_SKIPPED: ["quiet", "Skipped"],
};

/** @param {Check} check */
function checkItem({ outcome = "", text = "", path = "" }) {
  const [style, word] = outcomes[outcome] ?? ["quiet", "Unknown"];
  const where = path === "" ? "" : ` (${path})`;
  return el("li", {}, el("span", { class: style }, `${word}: `), `${text}${where}`);
}

/**
 * @param {Section} section
 * @param {boolean} isFirst
 * @param {string} name
 */
function sectionView({ type = "", title = "", data = "", lines = [], omittedLines = 0 }, isFirst, name) {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  const hex = hexView(bytes);
  const where = el("p", { class: "where" });
  const tree = lineTree(lines, (line) => {
    hex.mark(line);
    where.replaceChildren(...(line === undefined ? [legend()] : whereText(line, bytes)));
  });
  hex.onByte((at) => tree.mark(at));
  where.append(legend());
  const head = el(
    "div",
    { class: "row" },
    el("strong", {}, type),
    el("span", { class: "quiet" }, isFirst ? count(bytes.length, "byte") : title),
    copyButton("the bytes in hex", () => hexOf(bytes)),
  );
  const rest =
    omittedLines === 0 ? [] : [el("p", { class: "quiet" }, `${count(omittedLines, "more line")}.`)];
  const left = el("div", { class: "bytes" }, hex.node, where);
  return el(
    "section",
    { class: "explorer", "aria-label": name },
    head,
    el("div", { class: "sides" }, left, el("div", {}, tree.node, ...rest)),
  );
}

/**
 * @param {import("./types.js").Line} line
 * @param {Uint8Array} bytes
 */
function whereText({ offset = 0, length = 0, path = "", name = "" }, bytes) {
  const most = 9;
  const shown = hexOf(bytes.subarray(offset, offset + Math.min(length, most)));
  const range = length === 0 ? `before byte ${offset}` : rangeText(offset, length);
  return [
    el("strong", {}, shorten(path || name, 80)),
    ` · ${range} · `,
    el("code", {}, length > most ? `${shown} …` : shown),
  ];
}

/**
 * @param {number} offset
 * @param {number} length
 */
function rangeText(offset, length) {
  return length === 1 ? `byte ${offset}` : `bytes ${offset} to ${offset + length - 1}`;
}

function legend() {
  const chip = (/** @type {string} */ name) => el("span", { class: `chip ${name}` }, name);
  return el(
    "span",
    { class: "quiet" },
    "Point at a line to mark its bytes: ",
    chip("tag"),
    chip("length"),
    chip("value"),
  );
}
