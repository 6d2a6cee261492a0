// The browser's storage as JSON. It may be full, disabled, or changed by hand.

/**
 * @template Value
 * @param {Storage} storage
 * @param {string} name
 * @param {Value} fallback returned if nothing can be read
 * @returns {Value}
 */
export function restore(storage, name, fallback) {
  try {
    return JSON.parse(storage.getItem(name) ?? "null") ?? fallback;
  } catch {
    return fallback;
  }
}

/**
 * @param {Storage} storage
 * @param {string} name
 * @param {unknown} value
 */
export function save(storage, name, value) {
  try {
    storage.setItem(name, JSON.stringify(value));
  } catch {
    // The value then lasts until the page is closed.
  }
}
