"""What of an html message is kept."""

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
# The elements that an html parser opens again in every block in which they were left open, unless
# there are three of the same already. Attributes would make each of them another one, and a few
# kilobytes of html megabytes.
_REOPENED = re.compile(
    r"<(b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])[^>]*>", re.IGNORECASE
)
_SCHEMES = {"http", "https", "mailto", "tel"}


def sanitize(html: str) -> str:
    """`html` with formatting only: no script, style, form, frame or image, and no handler.

    Unknown tags are dropped and their text kept; links may go to web, mail and phone addresses.
    """
    html = _REOPENED.sub(r"<\1>", html)
    return nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=None)
