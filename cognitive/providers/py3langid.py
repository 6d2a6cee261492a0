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

# Fewer languages to choose from make the detection more accurate. These are the languages of most
# chats, without some that are easily confused. CHATSITE_COGNITIVE_LANGUAGES overrides them.
LANGUAGES = frozenset(
    "ar bg ca cs da de el en es et fa fi fr he hi hr hu id is it ja ko lt lv nb nl pl pt ro"
    " ru sk sl sv th tr uk vi zh".split()
)
# Languages that have another code in the model.
_MODEL_NAMES = {"nb": "no"}
# Shorter texts are undetermined. A Chinese or Japanese character counts as much as a syllable.
_MIN_LETTERS = 3
_MIN_CJK = 2
# Messages of a single word, for which the model is unreliable: it detects Finnish for `Hello`.
_SINGLE_WORDS = {
    **dict.fromkeys(("hello", "hey", "thanks", "please", "yes", "sorry", "welcome"), "en"),
    **dict.fromkeys(("hola", "gracias", "buenas", "adiós"), "es"),
    **dict.fromkeys(("bonjour", "bonsoir", "merci", "salut", "oui", "désolé"), "fr"),
    **dict.fromkeys(("danke", "bitte", "tschüss", "servus"), "de"),
    **dict.fromkeys(("ciao", "grazie", "prego", "buongiorno"), "it"),
    **dict.fromkeys(("olá", "obrigado", "obrigada", "tchau"), "pt"),
}
_SINGLE_WORD_SCORE = 0.9
# The maximum number of alternatives.
_ALTERNATIVES = 5
# More text does not make the detection more reliable.
_MAX_CHARACTERS = 2_000
# Text in no language: URLs, e-mail addresses, mentions, hashtags, emoji, symbols, digits.
_NOISE = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\w+|[@#]\w+|[^\w\s'’-]|[\d_]")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


class Py3langid:
    name = "py3langid"

    def __init__(self) -> None:
        if importlib.util.find_spec("py3langid") is None:
            raise EngineUnavailable("py3langid is not installed. Run `make cognitive`.")
        self.languages = frozenset(settings.CHATSITE_COGNITIVE_LANGUAGES) or LANGUAGES
        self._lock = threading.Lock()
        self._identifier: LanguageIdentifier | None = None

    @property
    def version(self) -> str:
        """The version of the package, which includes the model."""
        return importlib.metadata.version("py3langid")

    def detect(self, text: str) -> DetectedLanguage:
        """The language of a text, UNDETERMINED if it has too few letters."""
        words = " ".join(_NOISE.sub(" ", text[:_MAX_CHARACTERS]).split())
        letters = sum(character.isalpha() for character in words)
        if letters < _MIN_LETTERS and len(_CJK.findall(words)) < _MIN_CJK:
            return DetectedLanguage(UNDETERMINED, 0.0)
        known = _SINGLE_WORDS.get(words.lower())
        if known in self.languages:
            return DetectedLanguage(known, _SINGLE_WORD_SCORE)
        likely = self._model().rank(words)[: _ALTERNATIVES + 1]
        first, *others = [_detected(language, score) for language, score in likely]
        return DetectedLanguage(first.language, first.score, tuple(others))

    def _model(self) -> "LanguageIdentifier":
        # The lock is for loading only: the loaded model is read-only.
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
