// Handlers for form fields.

/**
 * Keeps a signal equal to the text of a field.
 * @param {Chat.Signal<string>} signal
 */
export const writesTo = (signal) => (/** @type {Chat.InputEvent} */ event) => {
  signal.value = event.currentTarget.value;
};

/**
 * Calls `close` when something outside an element is pressed, or focused if `focus` is set.
 * Returns the function that stops this.
 * @param {Chat.Ref<HTMLElement>} root
 * @param {() => void} close
 * @param {{ focus?: boolean }} options
 */
export function closeOutside(root, close, { focus = false } = {}) {
  const events = focus ? ["pointerdown", "focusin"] : ["pointerdown"];
  const onEvent = (/** @type {Event} */ event) => {
    if (!root.current?.contains(/** @type {Node} */ (event.target))) close();
  };
  for (const name of events) document.addEventListener(name, onEvent);
  return () => {
    for (const name of events) document.removeEventListener(name, onEvent);
  };
}
