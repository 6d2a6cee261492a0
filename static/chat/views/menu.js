// Small menus that open below a button.
import { html, useEffect, useId, useRef, useState } from "../../vendor/preact.js";
import { config } from "../config.js";
import { notifications, toggleNotifications } from "../notify.js";
import { t } from "../strings.js";
import { ownName } from "../token.js";
import { openDialog } from "../ui.js";
import { Avatar } from "./avatar.js";
import { Icon } from "./icons.js";
import { closeOutside } from "./inputs.js";
import { LanguageSettings } from "./languages.js";

/**
 * A button and the menu that it opens.
 * @typedef {object} MenuProps
 * @property {string} label
 * @property {Chat.Children} button what the button shows
 * @property {string} [class]
 * @property {Chat.Children} children Items, or anything else that Tab can focus
 */

/** @param {MenuProps} props */
export function Menu({ label, button, class: extra = "", children }) {
  const [isOpen, setOpen] = useState(false);
  /** @type {Chat.Ref<HTMLElement>} */
  const root = useRef(null);
  const id = useId();
  useEffect(() => {
    if (!isOpen) return undefined;
    const stop = closeOutside(root, () => setOpen(false), { focus: true });
    /** @type {Chat.Focusable} */ (root.current?.querySelector(".menu button, .menu input"))?.focus();
    return stop;
  }, [isOpen]);
  const close = () => {
    setOpen(false);
    root.current?.querySelector("button")?.focus();
  };
  return html`<div
    class=${`menu-root ${extra}`}
    ref=${root}
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape" || !isOpen) return;
      event.stopPropagation();
      close();
    }}
  >
    <button
      type="button"
      class="icon-button"
      aria-label=${label}
      title=${label}
      aria-expanded=${String(isOpen)}
      aria-controls=${id}
      onClick=${() => setOpen(!isOpen)}
    >
      ${button}
    </button>
    ${
      isOpen &&
      html`<div class="menu" id=${id} onClick=${(/** @type {Event & { target: Element }} */ event) => event.target.closest(".item") && close()}>
      ${children}
    </div>`
    }
  </div>`;
}

/** @param {{ icon: Chat.IconName, danger?: boolean, children: Chat.Children } & Record<string, unknown>} props */
export function Item({ icon, danger, children, ...rest }) {
  return html`<button type="button" class=${`item ${danger ? "danger" : ""}`} ...${rest}>
    <${Icon} name=${icon} size=${18} /> <span>${children}</span>
  </button>`;
}

/** @type {[value: string, label: Chat.Label][]} */
const THEMES = [
  ["", "themeSystem"],
  ["light", "themeLight"],
  ["dark", "themeDark"],
];

/** @param {string} value */
function chooseTheme(value) {
  if (value) {
    localStorage.setItem("chatsite-theme", value);
    document.documentElement.dataset.theme = value;
  } else {
    localStorage.removeItem("chatsite-theme");
    delete document.documentElement.dataset.theme;
  }
}

const signOut = () => /** @type {HTMLFormElement} */ (document.getElementById("sign-out")).requestSubmit();

export function UserMenu() {
  const isDenied = notifications.value === "denied";
  const label = { on: t.notificationsOff, off: t.notificationsOn, denied: t.notificationsDenied };
  return html`<${Menu}
    label=${t.menu(ownName.value)}
    class="own-menu"
    button=${html`<${Avatar} name=${ownName.value} of=${config.userId} />`}
  >
    <p class="menu-title" dir="auto">${ownName.value}</p>
    <${Item} icon="edit" onClick=${() => openDialog("ownName")}>${t.changeName}<//>
    <${Item} icon="bell" disabled=${isDenied} onClick=${toggleNotifications}>
      ${label[notifications.value]}
    <//>
    <fieldset class="menu-group">
      <legend>${t.theme}</legend>
      ${THEMES.map(
        ([value, name]) => html`<label>
          <input
            type="radio"
            name="theme"
            checked=${(document.documentElement.dataset.theme ?? "") === value}
            onChange=${() => chooseTheme(value)}
          />
          ${t[name]}
        </label>`,
      )}
    </fieldset>
    <${LanguageSettings} />
    <${Item} icon="exit" onClick=${signOut}>
      ${t.signOut}
    <//>
  <//>`;
}
