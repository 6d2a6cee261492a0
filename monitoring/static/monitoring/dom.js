// Small helpers for the pages of the monitoring.

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {string | undefined} text
 */
export function make(tag, className = "", text = undefined) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

/**
 * The element that the page's template must contain.
 * @param {ParentNode} root
 * @param {string} selector
 */
export function find(root, selector) {
  const element = root.querySelector(selector);
  if (!element) throw new Error(`The page has no ${selector}`);
  return /** @type {HTMLElement} */ (element);
}

/**
 * What the template wrote with json_script.
 * @param {string} id
 */
export const readJson = (id) => JSON.parse(find(document, `#${id}`).textContent ?? "null");
