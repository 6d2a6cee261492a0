// Line icons on a grid of 24 pixels. They are decoration: the buttons around them have labels.
import { html } from "../../vendor/preact.js";

export const PATHS = {
  add: "M12 5v14M5 12h14",
  alert: "M12 8v5M12 16.5v.01M12 3.5 21 19.5H3z",
  back: "M15 5l-7 7 7 7",
  bell: "M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15zM10 20.5h4",
  calm: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17M8.5 15h7M9 9.5v.01M15 9.5v.01",
  check: "M5 12.5l4.5 4.5L19 7.5",
  checks: "M2.5 12.5 7 17l9.5-9.5M12 16l1 1 8.5-9.5",
  clock: "M12 7v5l3 2M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h10v10H9zM5 15V5h10",
  down: "M12 5v14M6 13l6 6 6-6",
  dots: "M5.5 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0M11.5 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0M17.5 12a.5.5 0 1 0 1 0 .5.5 0 1 0-1 0",
  edit: "M5 19l1-4L16 5l3 3L9 18zM14 7l3 3",
  exit: "M14 4h5v16h-5M4 12h11M11 8l4 4-4 4",
  frown: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17M8.5 16c1.8-2.3 5.2-2.3 7 0M9 9.5v.01M15 9.5v.01",
  languages:
    "M3.5 6.5h9M8 4.5v2M10.5 6.5c-.6 3.4-3 6-6.5 7.5M5.5 9.5c1.2 2.2 3 3.6 5.5 4.5M12 19.5l4-10 4 10M13.3 16.5h5.4",
  microphone:
    "M12 3.5a2.5 2.5 0 0 1 2.5 2.5v5a2.5 2.5 0 0 1-5 0V6A2.5 2.5 0 0 1 12 3.5M6.5 10.5a5.5 5.5 0 0 0 11 0M12 16v4M9 20h6",
  people:
    "M9 11a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 9 11M3 19.5c0-3.4 2.6-5.5 6-5.5s6 2.1 6 5.5M16 11a2.7 2.7 0 0 0 0-5.4M18 14.4c2 .7 3.2 2.6 3.2 5.1",
  personAdd:
    "M10 11a3.4 3.4 0 1 0 0-6.8A3.4 3.4 0 0 0 10 11M3.5 19.5c0-3.4 2.8-5.5 6.5-5.5 1.5 0 2.9.3 4 1M18 14v6M15 17h6",
  search: "M11 4.5a6.5 6.5 0 1 1 0 13 6.5 6.5 0 0 1 0-13M16 16l4.5 4.5",
  send: "M4 12l16-7.5-5 15-3.5-6zM11.5 13.5L20 4.5",
  smile: "M12 3.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17M8.5 14c1.8 2.3 5.2 2.3 7 0M9 9.5v.01M15 9.5v.01",
  theme: "M12 3.5a8.5 8.5 0 1 0 8.5 8.5A6.5 6.5 0 0 1 12 3.5",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 11v5M13.5 11v5",
};

/** @param {{ name: Chat.IconName, size?: number }} props */
export function Icon({ name, size = 20 }) {
  return html`<svg
    class="icon"
    viewBox="0 0 24 24"
    width=${size}
    height=${size}
    fill="none"
    stroke="currentColor"
    stroke-width="1.8"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    <path d=${PATHS[name]} />
  </svg>`;
}

/**
 * A button that shows only an icon, with a label for screen readers and as a tooltip.
 * @param {{ icon: Chat.IconName, label: string, size?: number, class?: string } & Record<string, unknown>} props
 */
export function IconButton({ icon, label, size, class: extra = "", ...rest }) {
  return html`<button
    type="button"
    class=${`icon-button ${extra}`}
    aria-label=${label}
    title=${label}
    ...${rest}
  >
    <${Icon} name=${icon} size=${size} />
  </button>`;
}
