/** Shows bytes in hex, in rows of eight, and marks the bytes of a line. */

import { el } from "./dom.js";
import { count } from "./words.js";

/** @import { Line } from "./types.js" */

const PER_ROW = 8;
const marks = ["marked", "tag", "length", "value"];

/** @param {Uint8Array} bytes */
export function hexOf(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

/** @param {Uint8Array} bytes */
export function hexView(bytes) {
  const cells = Array.from(bytes, (byte) => el("span", {}, byte.toString(16).padStart(2, "0")));
  const rows = [];
  for (let at = 0; at < cells.length; at += PER_ROW) {
    const offset = el("span", { class: "offset" }, String(at).padStart(4, "0"));
    rows.push(el("div", { class: "hex-row" }, offset, ...cells.slice(at, at + PER_ROW)));
  }
  const grid = el(
    "div",
    { class: "hex-grid", role: "img", "aria-label": `${count(bytes.length, "byte")} in hex` },
    ...rows,
  );
  const node = el("div", { class: "hex", tabindex: "0", role: "group", "aria-label": "Bytes" }, grid);
  const indexes = new Map(cells.map((cell, index) => [cell, index]));
  /** @type {HTMLElement[]} */
  let marked = [];

  return {
    node,

    /** @param {Line | undefined} line */
    mark(line) {
      for (const cell of marked) cell.classList.remove(...marks);
      const { offset = 0, length = 0, tagLength = 0, prefixLength = 0 } = line ?? {};
      marked = cells.slice(offset, offset + length);
      for (const [index, cell] of marked.entries()) {
        const part = index < tagLength ? "tag" : index < tagLength + prefixLength ? "length" : "value";
        cell.classList.add("marked", part);
      }
      // Scrolls to the first byte last, so that a long range shows its start.
      for (const cell of [marked.at(-1), marked[0]]) if (cell !== undefined) scrollTo(node, cell);
    },

    /**
     * Calls back with the byte under the pointer, and with `undefined` when the pointer leaves.
     *
     * @param {(at: number | undefined) => void} tell
     */
    onByte(tell) {
      grid.addEventListener("pointerover", ({ target }) => {
        const at = target instanceof HTMLElement ? indexes.get(target) : undefined;
        if (at !== undefined) tell(at);
      });
      grid.addEventListener("pointerleave", () => tell(undefined));
    },
  };
}

/**
 * Scrolls within the box only; the page does not move.
 *
 * @param {HTMLElement} box
 * @param {HTMLElement} cell
 */
function scrollTo(box, cell) {
  const outer = box.getBoundingClientRect();
  const inner = cell.getBoundingClientRect();
  if (inner.top < outer.top) box.scrollTop -= outer.top - inner.top + 4;
  else if (inner.bottom > outer.bottom) box.scrollTop += inner.bottom - outer.bottom + 4;
}
