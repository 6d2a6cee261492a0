"""Extracts the text nodes of html, and puts translated ones in their place."""

import html
import re
from collections.abc import Iterator

# Elements whose content is not translated.
_UNTRANSLATED = frozenset(
    {"script", "style", "code", "pre", "kbd", "samp", "var", "textarea", "title"}
)
# Elements whose content is not parsed as markup, up to the end tag.
_RAW = frozenset({"script", "style", "textarea", "title"})
# Elements without content and end tag.
_VOID = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"),
        *("track", "wbr"),
    }
)
# A tag, with `>` allowed in quotes only. A `<` outside of quotes ends the match, so that the time
# is linear in the number of `<`; with the standard library's parser it is quadratic.
_TAG = re.compile(r"""<(/?)([a-zA-Z][^\s/<>"']*)((?:[^<>"']++|"[^"]*+"|'[^']*+')*+)>""")
_ATTRIBUTE = re.compile(
    r"""(?<![^\s"'/])([^\s"'<>/=]++)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s"'<>]++))?+"""
)
_BEGINNING = re.compile(r"</?[a-zA-Z]")
_COMMENT, _COMMENT_END = "<!--", "-->"


class TextNodes:
    """Splits html into the texts to translate and everything else.

    `texts` are the text nodes that contain a letter, unescaped, without surrounding white space;
    `with_texts` returns the html with these replaced. Code, and content that is marked as not to
    be translated (`translate="no"`, class `notranslate`), is left unchanged. Malformed tags are
    text.
    """

    def __init__(self, markup: str) -> None:
        # Alternates between markup and text: pieces 1, 3, 5, … are the texts.
        self._pieces: list[str] = []
        self._kept: list[str] = []
        # The open elements with untranslated content, and those nested in them.
        self._untranslated: list[str] = []
        at = 0
        for start, end, tag in _markup(markup):
            self._add_text(markup[at:start])
            self._kept.append(markup[start:end])
            if tag:
                self._track(tag)
            at = end
        self._add_text(markup[at:])
        self._pieces.append("".join(self._kept))

    @property
    def texts(self) -> list[str]:
        return self._pieces[1::2]

    def with_texts(self, texts: list[str]) -> str:
        """The html with its texts replaced by `texts`, which must be as many as `self.texts`."""
        pieces = list(self._pieces)
        pieces[1::2] = [html.escape(text, quote=False) for text in texts]
        return "".join(pieces)

    def _track(self, tag: re.Match[str]) -> None:
        """Notes if untranslated content begins or ends with a tag."""
        name = tag[2].lower()
        if tag[1]:
            if name in self._untranslated:
                while self._untranslated.pop() != name:
                    pass
        elif name not in _VOID and not tag[3].endswith("/"):
            if self._untranslated or name in _UNTRANSLATED or _is_marked(tag[3]):
                self._untranslated.append(name)

    def _add_text(self, raw: str) -> None:
        text = html.unescape(raw)
        if self._untranslated or not any(character.isalpha() for character in text):
            self._kept.append(raw)
            return
        core = text.strip()
        before, after = text[: text.index(core)], text[text.index(core) + len(core) :]
        self._kept.append(html.escape(before, quote=False))
        self._pieces += ["".join(self._kept), core]
        self._kept = [html.escape(after, quote=False)]


def _markup(markup: str) -> Iterator[tuple[int, int, re.Match[str] | None]]:
    """The start and end of each tag and comment, and the match of a tag."""
    at = 0
    # Searched once, so that unclosed comments and tags do not cost a search each.
    last_comment, last_tag = markup.rfind(_COMMENT_END), markup.rfind(">")
    while (start := markup.find("<", at)) >= 0:
        at = start + 1
        is_comment = markup.startswith(_COMMENT, start)
        if (is_comment and last_comment < start + len(_COMMENT)) or (
            last_tag < start and _BEGINNING.match(markup, start)
        ):
            # An unclosed tag or comment extends to the end, as in browsers.
            yield start, len(markup), None
            return
        if is_comment:
            at = markup.index(_COMMENT_END, start + len(_COMMENT)) + len(_COMMENT_END)
            yield start, at, None
        elif markup.startswith(("<!", "<?"), start) and start < last_tag:
            at = markup.index(">", start) + 1
            yield start, at, None
        elif tag := _TAG.match(markup, start):
            at = tag.end()
            yield start, at, tag
            if not tag[1] and tag[2].lower() in _RAW:
                at = _end_of_raw(markup, at, tag[2])


def _end_of_raw(markup: str, at: int, name: str) -> int:
    """The start of the end tag of a raw element, or the end of the html."""
    end = re.compile(rf"</{re.escape(name)}[\s/>]", re.IGNORECASE).search(markup, at)
    return end.start() if end else len(markup)


def _is_marked(attributes: str) -> bool:
    for name, quoted in _ATTRIBUTE.findall(attributes):
        value = quoted.strip("\"'").lower()
        if name.lower() == "translate" and value == "no":
            return True
        if name.lower() == "class" and "notranslate" in value.split():
            return True
    return False
