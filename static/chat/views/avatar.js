import { html } from "../../vendor/preact.js";
import { colourOf, initials } from "../format.js";

// A disc with the initials of a name; `of` decides the colour.
export function Avatar({ name, of, class: extra = "" }) {
  // By way of the style sheet, since it is decoration: no text to read out, copy or search.
  return html`<span
    class=${`avatar colour-${colourOf(of)} ${extra}`}
    data-initials=${initials(name)}
    aria-hidden="true"
  ></span>`;
}
