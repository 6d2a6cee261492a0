"""py3langid: language detection by a small statistical model (cognitive contract 1.5)."""

import importlib.metadata
import importlib.util
import re
import threading
from typing import TYPE_CHECKING

from django.conf import settings

from cognitive.abilities import UNDETERMINED, DetectedLanguage, EngineUnavailable

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

# The fewer there are to choose from, the better it chooses; these are the languages of most chats,
# without some that others are taken for. CHATSITE_COGNITIVE_LANGUAGES takes their place.
LANGUAGES = frozenset(
    "ar bg ca cs da de el en es et fa fi fr he hi hr hu id is it ja ko lt lv nb nl pl pt ro"
    " ru sk sl sv th tr uk vi zh".split()
)
# Their names in the model, where they have another one.
_MODEL_NAMES = {"nb": "no"}
# Fewer letters tell nothing. A sign of Chinese or Japanese tells as much as a syllable.
_LEAST_LETTERS = 3
_LEAST_SIGNS = 2
# Messages of a single word, of which the model knows nothing: it takes `Hello` for Finnish.
_SINGLE_WORDS = {
    **dict.fromkeys(("hello", "hey", "thanks", "please", "yes", "sorry", "welcome"), "en"),
    **dict.fromkeys(("hola", "gracias", "buenas", "adiós"), "es"),
    **dict.fromkeys(("bonjour", "bonsoir", "merci", "salut", "oui", "désolé"), "fr"),
    **dict.fromkeys(("danke", "bitte", "tschüss", "servus"), "de"),
    **dict.fromkeys(("ciao", "grazie", "prego", "buongiorno"), "it"),
    **dict.fromkeys(("olá", "obrigado", "obrigada", "tchau"), "pt"),
}
_SINGLE_WORD_SCORE = 0.9
# How many other languages are told.
_ALTERNATIVES = 5
# More text makes it no surer.
_ENOUGH = 2_000
# What is in no language: addresses, names and hashtags, emoji and other symbols, digits.
_NOISE = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\w+|[@#]\w+|[^\w\s'’-]|[\d_]")
_SIGNS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


class Py3langid:
    """Tells the language of a text of a few words and more."""

    name = "py3langid"

    def __init__(self) -> None:
        if importlib.util.find_spec("py3langid") is None:
            raise EngineUnavailable("py3langid is not installed: make cognitive.")
        self.languages = frozenset(settings.CHATSITE_COGNITIVE_LANGUAGES) or LANGUAGES
        self._lock = threading.Lock()
        self._identifier: LanguageIdentifier | None = None

    @property
    def version(self) -> str:
        """The package's version; the model is part of it."""
        return importlib.metadata.version("py3langid")

    def detect(self, text: str) -> DetectedLanguage:
        """The language of a text, UNDETERMINED when it has too few letters."""
        words = " ".join(_NOISE.sub(" ", text[:_ENOUGH]).split())
        letters = sum(character.isalpha() for character in words)
        if letters < _LEAST_LETTERS and len(_SIGNS.findall(words)) < _LEAST_SIGNS:
            return DetectedLanguage(UNDETERMINED, 0.0)
        known = _SINGLE_WORDS.get(words.lower())
        if known in self.languages:
            return DetectedLanguage(known, _SINGLE_WORD_SCORE)
        likely = self._model().rank(words)[: _ALTERNATIVES + 1]
        first, *others = [_detected(language, score) for language, score in likely]
        return DetectedLanguage(first.language, first.score, tuple(others))

    def _model(self) -> "LanguageIdentifier":
        # Once loaded it only reads, from as many threads as there are.
        with self._lock:
            if self._identifier is None:
                from py3langid.langid import MODEL_FILE, LanguageIdentifier

                identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
                wanted = {_MODEL_NAMES.get(language, language) for language in self.languages}
                if unknown := wanted.difference(identifier.labels):
                    raise EngineUnavailable(
                        f"py3langid does not know {', '.join(sorted(unknown))}."
                    )
                identifier.set_languages(sorted(wanted))
                self._identifier = identifier
            return self._identifier


def _detected(language: str, score: float) -> DetectedLanguage:
    ours = next((ours for ours, its in _MODEL_NAMES.items() if its == language), language)
    return DetectedLanguage(ours, round(float(score), 4))
