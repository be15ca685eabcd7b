/** The lines of an explanation as a tree, for the pointer and the arrow keys. */

import { el } from "./dom.js";

/** @import { Line } from "./types.js" */

/**
 * @param {Line[]} lines
 * @param {(line: Line | undefined) => void} tell receives the line under the pointer or with the focus, if there is one
 */
export function lineTree(lines, tell) {
  const items = lines.map(itemOf);
  const node = el("ul", { class: "lines", role: "tree", "aria-label": "What the bytes mean" }, ...items);
  const [first] = items;
  if (first !== undefined) first.tabIndex = 0;
  let focused = -1;
  let shown = -1;

  const show = (/** @type {number} */ index) => {
    if (index === shown) return;
    items[shown]?.classList.remove("current");
    items[index]?.classList.add("current");
    shown = index;
    tell(lines[index]);
  };
  const indexOf = (/** @type {EventTarget | null} */ target) => {
    const item = target instanceof Element ? target.closest("li") : null;
    return item === null ? -1 : items.indexOf(item);
  };
  node.addEventListener("pointerover", ({ target }) => show(indexOf(target)));
  node.addEventListener("pointerleave", () => show(focused));
  node.addEventListener("focusin", ({ target }) => {
    focused = indexOf(target);
    for (const [index, item] of items.entries()) {
      item.tabIndex = index === focused ? 0 : -1;
      item.setAttribute("aria-selected", String(index === focused));
    }
    show(focused);
  });
  node.addEventListener("focusout", () => {
    items[focused]?.setAttribute("aria-selected", "false");
    focused = -1;
    show(-1);
  });
  node.addEventListener("click", ({ target }) => items[indexOf(target)]?.focus());
  node.addEventListener("keydown", (event) => {
    /** @type {Record<string, number>} */
    const targets = {
      ArrowDown: focused + 1,
      ArrowUp: focused - 1,
      ArrowLeft: parentOf(lines, focused),
      Home: 0,
      End: items.length - 1,
    };
    const target = items[targets[event.key] ?? -1];
    if (target === undefined) return;
    event.preventDefault();
    target.focus();
  });

  return {
    node,

    /**
     * Shows the innermost line of a byte; without a byte, the line with the focus.
     *
     * @param {number | undefined} at
     */
    mark(at) {
      const index = at === undefined ? -1 : lines.findLastIndex((line) => holds(line, at));
      show(index < 0 ? focused : index);
    },
  };
}

/** @param {Line} line */
function itemOf({ offset = 0, length = 0, depth = 0, path = "", name = "", meaning = "", problem }) {
  const range = length > 1 ? `${offset}–${offset + length - 1}` : String(offset);
  const item = el(
    "li",
    {
      role: "treeitem",
      "aria-level": depth + 1,
      "aria-selected": "false",
      tabindex: "-1",
      title: path || undefined,
    },
    el("span", { class: "offset" }, range),
    el(
      "span",
      { class: "says" },
      el("span", { class: "name" }, problem ? `! ${name}` : name),
      " ",
      el("span", { class: "meaning" }, meaning),
    ),
  );
  if (problem) item.classList.add("problem");
  item.style.setProperty("--depth", String(Math.min(depth, 8)));
  return item;
}

/**
 * @param {Line} line
 * @param {number} at
 */
function holds({ offset = 0, length = 0, problem }, at) {
  return !problem && at >= offset && at < offset + length;
}

/**
 * @param {Line[]} lines
 * @param {number} index
 */
function parentOf(lines, index) {
  const depth = lines[index]?.depth ?? 0;
  return lines.slice(0, Math.max(0, index)).findLastIndex((line) => (line.depth ?? 0) < depth);
}
