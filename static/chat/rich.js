// Message texts as safe content: plain text with links, and HTML.

import { html } from "../vendor/preact.js";
import purify from "../vendor/purify.js";

// An address ends before the punctuation that ends its sentence; brackets belong to it in pairs only.
const LINK = /\b(?:https?:\/\/|www\.)[^\s<>"]+/giu;
const TRAILING = /[.,:;!?'”’»…]+$/u;

/** @param {string} address */
function trimAddress(address) {
  let text = address.replace(TRAILING, "");
  for (const [open, close] of ["()", "[]", "{}"]) {
    while (text.endsWith(close) && text.split(close).length > text.split(open).length) {
      text = text.slice(0, -1).replace(TRAILING, "");
    }
  }
  return text;
}

/** @param {string} text */
function safeAddress(text) {
  try {
    const url = new URL(/^www\./iu.test(text) ? `https://${text}` : text);
    return ["https:", "http:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/**
 * The text as text nodes, with its web addresses as links.
 * @param {string} text
 */
export function withLinks(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const shown = trimAddress(match[0]);
    const address = safeAddress(shown);
    if (!address) continue;
    parts.push(text.slice(end, match.index));
    parts.push(html`<a href=${address} target="_blank" rel="noopener noreferrer">${shown}</a>`);
    end = match.index + shown.length;
  }
  parts.push(text.slice(end));
  return parts;
}

const TAGS = [
  ..."a abbr b blockquote br code del div em h1 h2 h3 h4 h5 h6 hr i ins li ol p pre s".split(" "),
  ..."span strike strong sub sup table tbody td tfoot th thead tr u ul".split(" "),
];
const RULES = {
  ALLOWED_TAGS: TAGS,
  ALLOWED_ATTR: ["href", "title", "dir", "lang", "start", "colspan", "rowspan", "target", "rel"],
  ALLOWED_URI_REGEXP: /^(?:https?:|mailto:|tel:)/iu,
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
};

purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName !== "A") return;
  node.setAttribute("target", "_blank");
  node.setAttribute("rel", "noopener noreferrer");
});

/**
 * What an HTML message may show. The server has sanitized it already; the page does so again.
 * @param {string} source
 * @returns {DocumentFragment}
 */
export const safeHtml = (source) => purify.sanitize(source, { ...RULES, RETURN_DOM_FRAGMENT: true });
