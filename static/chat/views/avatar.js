import { html } from "../../vendor/preact.js";
import { colourOf, initials } from "../format.js";

// A disc with the initials of a name; `of` decides the colour.
export function Avatar({ name, of, class: extra = "" }) {
  return html`<span class=${`avatar colour-${colourOf(of)} ${extra}`} aria-hidden="true">
    ${initials(name)}
  </span>`;
}
