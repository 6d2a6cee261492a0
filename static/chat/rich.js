// Text with links, and html messages, as safe content.

import { html } from "../vendor/preact.js";
import purify from "../vendor/purify.js";

// An address ends before the punctuation that ends its sentence; brackets count only in pairs.
const LINK = /\b(?:https?:\/\/|www\.)[^\s<>"]+/giu;
const TRAILING = /[.,:;!?'”’»…]+$/u;

function trimmed(address) {
  let text = address.replace(TRAILING, "");
  for (const [open, close] of ["()", "[]", "{}"]) {
    while (text.endsWith(close) && text.split(close).length > text.split(open).length) {
      text = text.slice(0, -1).replace(TRAILING, "");
    }
  }
  return text;
}

function safeAddress(text) {
  try {
    const url = new URL(/^www\./iu.test(text) ? `https://${text}` : text);
    return ["https:", "http:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

// The text with its web addresses as links. Everything becomes text nodes and anchors.
export function withLinks(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const shown = trimmed(match[0]);
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
  RETURN_DOM_FRAGMENT: true,
};

purify.addHook("afterSanitizeAttributes", (node) => {
  if (node.tagName !== "A") return;
  node.setAttribute("target", "_blank");
  node.setAttribute("rel", "noopener noreferrer");
});

// A fragment of what an html message may show. The server has cleaned it; a page trusts nobody.
export const safeHtml = (source) => purify.sanitize(source, RULES);
