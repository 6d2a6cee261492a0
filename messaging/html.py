"""The HTML that messages may contain."""

import re

import nh3

_TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "code", "del", "div", "em", "h1", "h2", "h3", "h4"),
    *("h5", "h6", "hr", "i", "ins", "li", "ol", "p", "pre", "s", "span", "strike", "strong"),
    *("sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul"),
}
_ATTRIBUTES = {
    "*": {"title", "dir", "lang"},
    "a": {"href"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
# Formatting elements, which an HTML parser reopens in every block if they were not closed, up to
# three identical ones. With attributes each would count as different, and a few kilobytes of HTML
# would become megabytes.
_REOPENED = re.compile(
    r"<(b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])[^>]*>", re.IGNORECASE
)
_SCHEMES = {"http", "https", "mailto", "tel"}


def sanitize(html: str) -> str:
    """`html` with formatting only: no scripts, styles, forms, frames, images or event handlers.

    The text inside removed tags is kept. Links may point to web, e-mail and phone addresses.
    """
    html = _REOPENED.sub(r"<\1>", html)
    return nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=None)
