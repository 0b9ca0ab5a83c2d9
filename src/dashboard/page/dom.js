// @ts-check
/** Elements, made of text and never of markup: what stands in a ledger is anybody's. */

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no ${id}`);
  return found;
}

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string | number | boolean | null | undefined>} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false)
      made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** @type {WeakMap<Element, string>} */
const shownAs = new WeakMap();

/**
 * Shows items in order. What has not changed keeps its element, so that focus, selection and open details survive an update.
 * @template Item
 * @param {Element} parent
 * @param {readonly Item[]} items
 * @param {(item: Item) => string} keyOf
 * @param {(item: Item) => HTMLElement} render
 * @param {unknown} [context] What else the elements depend on.
 */
export function showItems(parent, items, keyOf, render, context = null) {
  /** @type {Map<string, Element>} */
  const before = new Map();
  for (const child of parent.children) before.set(child.getAttribute("data-key") ?? "", child);
  const focused = document.activeElement?.closest("[data-focus]")?.getAttribute("data-focus") ?? null;
  const within = parent.contains(document.activeElement);
  const next = items.map((item) => {
    const key = keyOf(item);
    const as = JSON.stringify([item, context]);
    const kept = before.get(key);
    if (kept && shownAs.get(kept) === as) return kept;
    const made = render(item);
    made.setAttribute("data-key", key);
    shownAs.set(made, as);
    return made;
  });
  if (next.length === parent.children.length && next.every((child, index) => child === parent.children[index])) return;
  parent.replaceChildren(...next);
  if (!within || focused === null || parent.contains(document.activeElement)) return;
  for (const each of parent.querySelectorAll("[data-focus]")) {
    if (each.getAttribute("data-focus") === focused) return /** @type {HTMLElement} */ (each).focus();
  }
}

/**
 * Sets text only where it differs, so that a screen reader hears of changes and not of repetitions.
 * @param {Element} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
