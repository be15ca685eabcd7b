/** Returns the element for a selector. A page without it is a bug. */
export function find<E extends Element>(
  selector: string,
  kind: new () => E,
  within: ParentNode = document,
): E {
  const element = within.querySelector(selector);
  if (element instanceof kind) return element;
  throw new Error(`the page has no ${selector}`);
}

/**
 * Sets the text of an element with a new text node. In centred text, reusing the node would count as a layout
 * shift, because longer text starts further left.
 */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.replaceChildren(text);
}
