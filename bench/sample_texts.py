"""Sentences in 25 languages: Django's translations of its messages (BSD-3-Clause).

They are read from the installed Django. Messages with placeholders or markup are skipped.
"""

import gettext
import random
import re
from functools import cache
from pathlib import Path

import django

LANGUAGES = {
    **{"ar": "ar", "bg": "bg", "ca": "ca", "cs": "cs", "da": "da", "de": "de", "el": "el"},
    **{"en": "es", "es": "es", "et": "et", "fi": "fi", "fr": "fr", "he": "he", "hu": "hu"},
    **{"it": "it", "ja": "ja", "ko": "ko", "nl": "nl", "pl": "pl", "pt": "pt", "ro": "ro"},
    **{"ru": "ru", "sv": "sv", "tr": "tr", "uk": "uk"},
}
"""The catalog for each language. The keys of any catalog are English."""
_UNTIDY = re.compile(r"[%{}<>&|\\_]|https?:|\d")
# Languages without spaces between words.
_UNSPACED = {"ja"}


@cache
def sentences(language: str) -> tuple[str, ...]:
    """All sentences of at least four words, in a fixed order."""
    found = set()
    for file in Path(django.__file__).parent.glob(
        f"contrib/*/locale/{LANGUAGES[language]}/LC_MESSAGES/django.mo"
    ):
        found |= _read(file, language)
    core = Path(django.__file__).parent / "conf/locale" / LANGUAGES[language]
    found |= _read(core / "LC_MESSAGES/django.mo", language)
    ordered = sorted(found)
    random.Random(7).shuffle(ordered)
    return tuple(ordered)


def beginnings(language: str, words: int, count: int) -> list[str]:
    """The first `words` words of up to `count` sentences with at least as many words."""
    if language in _UNSPACED:
        return [one[: 3 * words] for one in sentences(language)][:count]
    return [
        " ".join(one.split()[:words]) for one in sentences(language) if len(one.split()) >= words
    ][:count]


def _read(file: Path, language: str) -> set[str]:
    with file.open("rb") as content:
        catalog = gettext.GNUTranslations(content)._catalog  # type: ignore[attr-defined]
    texts = set()
    for key, value in catalog.items():
        text = key if language == "en" else value
        if not isinstance(text, str) or not isinstance(key, str) or not key or text == key != "":
            if language != "en":
                continue
        if not isinstance(text, str) or "\x04" in text or _UNTIDY.search(text):
            continue
        long_enough = len(text) >= 12 if language in _UNSPACED else len(text.split()) >= 4
        if long_enough and "\n" not in text:
            texts.add(text)
    return texts
