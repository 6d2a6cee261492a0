// The frame of every dialog. It is the browser's own, which keeps the focus inside and closes on Escape.
import { html, useEffect, useId, useRef } from "../../vendor/preact.js";
import { t } from "../strings.js";
import { closeDialog } from "../ui.js";
import { IconButton } from "./icons.js";

/** @param {{ title: string, children: Chat.Children, class?: string }} props */
export function Dialog({ title, children, class: extra = "" }) {
  /** @type {Chat.Ref<HTMLDialogElement>} */
  const box = useRef(null);
  const id = useId();
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    element.showModal();
    /** @type {HTMLElement | null} */ (element.querySelector("[data-focus]"))?.focus();
    element.addEventListener("close", closeDialog);
    return () => {
      // Another dialog may be open by now, which must stay open.
      element.removeEventListener("close", closeDialog);
      element.close();
    };
  }, []);
  return html`<dialog
    ref=${box}
    class=${`dialog ${extra}`}
    aria-labelledby=${id}
    onPointerDown=${(/** @type {Event} */ event) => event.target === box.current && closeDialog()}
  >
    <div class="dialog-body">
      <header class="dialog-head">
        <h2 id=${id} dir="auto">${title}</h2>
        <${IconButton} icon="close" label=${t.close} onClick=${closeDialog} />
      </header>
      ${children}
    </div>
  </dialog>`;
}

/**
 * Why the action of a dialog failed.
 * @param {{ text: string }} props
 */
export function Problem({ text }) {
  return html`<p class="problem" role="alert">${text}</p>`;
}
