/** Elements. Whatever is shown goes in as text; nothing here or elsewhere makes HTML of it. */

/**
 * Makes an element with attributes, and with elements and text in it. Attributes that are `undefined` or `false` are left out.
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
 * The element of the page that has this id.
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
 * Writes text, unless it is there already: what is written anew may be read out anew.
 *
 * @param {Element} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * A button that copies text. Without a clipboard, as on plain http, there is none.
 *
 * @param {string} what for those who cannot see where it stands
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
