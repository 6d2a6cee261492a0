import { html } from "../../vendor/preact.js";
import { colorOf, initials } from "../format.js";

/**
 * A disc with the initials of a name.
 * @param {{ name: string, of: string | null, class?: string }} props `of` is an id, which sets the color
 */
export function Avatar({ name, of, class: extra = "" }) {
  // The style sheet shows the initials: as decoration, they are not read aloud, copied, or found.
  return html`<span
    class=${`avatar color-${colorOf(of ?? "")} ${extra}`}
    data-initials=${initials(name)}
    aria-hidden="true"
  ></span>`;
}
