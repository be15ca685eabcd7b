/** The one element that a selector names; a page without it is a mistake of ours. */
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
 * Sets the text of an element. By a new node: the one that is there would count as moved wherever longer text begins further
 * left, as it does where text is centred.
 */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.replaceChildren(text);
}
