"""Offsets into a text in code points, UTF-16 code units or text elements."""

import unicodedata
from collections.abc import Callable, Sequence

# The names in the protocol, which has two spellings for text elements.
CODE_POINTS, UTF_16, TEXT_ELEMENTS = "unicodecodepoint", "utf16codeunit", "textelements_v8"
STRING_INDEX_TYPES = frozenset({CODE_POINTS, UTF_16, TEXT_ELEMENTS, "textelement_v8"})


def offsets_of(text: str, index_type: str) -> Sequence[int]:
    """The offset in `index_type` of each code point, and of the end of the text."""
    if index_type == CODE_POINTS:
        return range(len(text) + 1)
    counts = _utf_16(text) if index_type == UTF_16 else _elements(text)
    offsets = [0]
    for count in counts:
        offsets.append(offsets[-1] + count)
    return offsets


def _utf_16(text: str) -> list[int]:
    return [2 if ord(character) > 0xFFFF else 1 for character in text]


def _elements(text: str) -> list[int]:
    """1 for each character that ends a grapheme cluster of Unicode 8, else 0.

    That version, to which `_v8` in the protocol refers, has no clusters of several emoji.
    """
    pairs = zip(text, text[1:], strict=False)
    return [0 if _are_joined(one, other) else 1 for one, other in pairs] + [1] * bool(text)


def _are_joined(one: str, other: str) -> bool:
    if one == "\r":
        return other == "\n"
    if _is_control(one) or _is_control(other):
        return False
    if _extends(other):
        return True
    if _is_regional(one) and _is_regional(other):
        return True
    return any(is_first(one) and is_next(other) for is_first, is_next in _HANGUL)


def _is_control(character: str) -> bool:
    is_joiner = character in "\u200c\u200d"
    return unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") and not is_joiner


def _extends(character: str) -> bool:
    """Whether it extends the character before: a combining or spacing mark, or a joiner."""
    return character in "\u200c\u200d" or unicodedata.category(character) in ("Mn", "Me", "Mc")


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _is_leading(character: str) -> bool:
    return "\u1100" <= character <= "\u115f"


def _is_vowel(character: str) -> bool:
    return "\u1160" <= character <= "\u11a7"


def _is_trailing(character: str) -> bool:
    return "\u11a8" <= character <= "\u11ff"


def _is_syllable(character: str) -> bool:
    return "\uac00" <= character <= "\ud7a3"


def _is_open_syllable(character: str) -> bool:
    return _is_syllable(character) and (ord(character) - 0xAC00) % 28 == 0


# Which parts of a Korean syllable are joined.
_HANGUL: tuple[tuple[Callable[[str], bool], Callable[[str], bool]], ...] = (
    (_is_leading, lambda other: _is_leading(other) or _is_vowel(other) or _is_syllable(other)),
    (
        lambda one: _is_vowel(one) or _is_open_syllable(one),
        lambda other: _is_vowel(other) or _is_trailing(other),
    ),
    (lambda one: _is_trailing(one) or _is_syllable(one), _is_trailing),
)
