"""The texts in a piece of html, and the same html with other texts."""

import html
import re
from collections.abc import Iterator

# What is in them is no text for people, or must stay as it is.
_OPAQUE = frozenset({"script", "style", "code", "pre", "kbd", "samp", "var", "textarea", "title"})
# What is in these is no markup either, up to their end.
_RAW = frozenset({"script", "style", "textarea", "title"})
# They end without an end tag, so nothing is within them.
_VOID = frozenset(
    {
        *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source"),
        *("track", "wbr"),
    }
)
# A tag, with `>` allowed in quotes only. A `<` outside of quotes ends the attempt, so that many
# of them cost no more than their number; the standard library's parser takes its square.
_TAG = re.compile(r"""<(/?)([a-zA-Z][^\s/<>"']*)((?:[^<>"']++|"[^"]*+"|'[^']*+')*+)>""")
_ATTRIBUTE = re.compile(
    r"""(?<![^\s"'/])([^\s"'<>/=]++)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s"'<>]++))?+"""
)
_BEGINNING = re.compile(r"</?[a-zA-Z]")
_COMMENT, _COMMENT_END = "<!--", "-->"


class TextNodes:
    """Splits html into texts to translate and all that must stay.

    `texts` are the text nodes that hold a letter, unescaped, without the blanks around them;
    `put` returns the html with others in their place. Code, and what is marked as not to be
    translated (`translate="no"`, class `notranslate`), stays. What is no tag is text.
    """

    def __init__(self, markup: str) -> None:
        # Every second piece, from the second on, is a text.
        self._pieces: list[str] = []
        self._kept: list[str] = []
        # The open elements that are opaque, and those within them.
        self._opaque: list[str] = []
        at = 0
        for start, end, tag in _markup(markup):
            self._add_text(markup[at:start])
            self._kept.append(markup[start:end])
            if tag:
                self._note(tag)
            at = end
        self._add_text(markup[at:])
        self._pieces.append("".join(self._kept))

    @property
    def texts(self) -> list[str]:
        """The texts, in their order."""
        return self._pieces[1::2]

    def put(self, texts: list[str]) -> str:
        """The html with `texts`, as many as there are in `self.texts`, in place of its own."""
        pieces = list(self._pieces)
        pieces[1::2] = [html.escape(text, quote=False) for text in texts]
        return "".join(pieces)

    def _note(self, tag: re.Match[str]) -> None:
        """Whether something opaque begins or ends with a tag."""
        name = tag[2].lower()
        if tag[1]:
            if name in self._opaque:
                while self._opaque.pop() != name:
                    pass
        elif name not in _VOID and not tag[3].endswith("/"):
            if self._opaque or name in _OPAQUE or _is_marked(tag[3]):
                self._opaque.append(name)

    def _add_text(self, raw: str) -> None:
        text = html.unescape(raw)
        if self._opaque or not any(character.isalpha() for character in text):
            self._kept.append(raw)
            return
        core = text.strip()
        before, after = text[: text.index(core)], text[text.index(core) + len(core) :]
        self._kept.append(html.escape(before, quote=False))
        self._pieces += ["".join(self._kept), core]
        self._kept = [html.escape(after, quote=False)]


def _markup(markup: str) -> Iterator[tuple[int, int, re.Match[str] | None]]:
    """Where each tag and comment is; a tag with its match. What is raw has neither."""
    at = 0
    # Looked for once: where none of them ends, none ends further on.
    last_comment, last_tag = markup.rfind(_COMMENT_END), markup.rfind(">")
    while (start := markup.find("<", at)) >= 0:
        at = start + 1
        is_comment = markup.startswith(_COMMENT, start)
        if (is_comment and last_comment < start + len(_COMMENT)) or (
            last_tag < start and _BEGINNING.match(markup, start)
        ):
            # What is never closed takes all the rest with it, as in browsers.
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
    """Where the end tag of a raw element begins; the end of the html if it has none."""
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
