/** Creates and updates elements. All content is inserted as text, never as HTML. */

/**
 * Creates an element with attributes and children. Omits attributes that are `undefined` or `false`.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string | number | boolean | undefined>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false)
      element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/**
 * Returns the page's element with this id.
 *
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return /** @type {T} */ (element);
}

/**
 * Sets text only if it differs, because a screen reader may read unchanged text again.
 *
 * @param {Element} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Returns a button that copies text; nothing if the browser provides no clipboard, as on plain http.
 *
 * @param {string} what names the text for screen readers
 * @param {() => string} text
 * @returns {HTMLElement | string}
 */
export function copyButton(what, text) {
  if (navigator.clipboard === undefined) return "";
  const button = el("button", { type: "button", class: "small", "aria-label": `Copy ${what}` }, "Copy");
  button.addEventListener("click", async () => {
    const done = await navigator.clipboard.writeText(text()).then(
      () => "Copied",
      () => "Not copied",
    );
    write(button, done);
    setTimeout(() => write(button, "Copy"), 1500);
  });
  return button;
}
