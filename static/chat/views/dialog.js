// The frame of every dialog: the browser's own, so that focus stays in it and Escape closes it.
import { html, useEffect, useId, useRef } from "../../vendor/preact.js";
import { t } from "../strings.js";
import { closeDialog } from "../ui.js";
import { IconButton } from "./icons.js";

export function Dialog({ title, children, class: extra = "" }) {
  const box = useRef(null);
  const id = useId();
  useEffect(() => {
    const element = box.current;
    element.showModal();
    element.querySelector("[data-focus]")?.focus();
    element.addEventListener("close", closeDialog);
    return () => {
      // Its place may have been taken by another dialog, which must stay.
      element.removeEventListener("close", closeDialog);
      element.close();
    };
  }, []);
  return html`<dialog
    ref=${box}
    class=${`dialog ${extra}`}
    aria-labelledby=${id}
    onPointerDown=${(event) => event.target === box.current && closeDialog()}
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

// What went wrong, for a dialog that stays open then.
export function Problem({ text }) {
  return html`<p class="problem" role="alert">${text}</p>`;
}
