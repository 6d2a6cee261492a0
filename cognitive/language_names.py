"""Names of languages in English, in the language itself, and in other languages."""

from dataclasses import dataclass

from django.conf.locale import LANG_INFO
from django.utils import translation
from django.utils.translation import gettext

from cognitive.languages import base

# Languages that engines support but Django has no name for.
_MORE = {
    "an": ("Aragonese", "aragonés"),
    "bm": ("Bambara", "bamanankan"),
    "ceb": ("Cebuano", "Cebuano"),
    "fo": ("Faroese", "føroyskt"),
    "gu": ("Gujarati", "ગુજરાતી"),
    "jv": ("Javanese", "Basa Jawa"),
    "la": ("Latin", "Latina"),
    "mt": ("Maltese", "Malti"),
    "no": ("Norwegian", "norsk"),
    "oc": ("Occitan", "occitan"),
    "si": ("Sinhala", "සිංහල"),
    "zh": ("Chinese", "中文"),
}
# The scripts of languages that are not written in the Latin script (ISO 15924).
_SCRIPTS = {
    **dict.fromkeys(("ar", "ckb", "fa", "ps", "ug", "ur"), "Arab"),
    **dict.fromkeys(("be", "bg", "kk", "ky", "mk", "mn", "ru", "sr", "tg", "tt", "uk"), "Cyrl"),
    **dict.fromkeys(("hi", "mr", "ne"), "Deva"),
    **{"am": "Ethi", "bn": "Beng", "el": "Grek", "gu": "Gujr", "he": "Hebr", "hy": "Armn"},
    **{"ja": "Jpan", "ka": "Geor", "km": "Khmr", "kn": "Knda", "ko": "Kore", "lo": "Laoo"},
    **{"ml": "Mlym", "my": "Mymr", "pa": "Guru", "si": "Sinh", "ta": "Taml", "te": "Telu"},
    **{"th": "Thai", "zh": "Hans"},
}


@dataclass(frozen=True)
class LanguageName:
    """The names of a language; `name` is in English."""

    name: str
    native_name: str
    is_right_to_left: bool


def name_of(code: str) -> LanguageName:
    """The names of a language; its code if they are unknown."""
    for spelling in (code.lower(), base(code)):
        if spelling in _MORE:
            return LanguageName(*_MORE[spelling], is_right_to_left=False)
        info = LANG_INFO.get(spelling)
        if info and "name" in info:
            return LanguageName(info["name"], info["name_local"], info["bidi"])
        if info:
            return name_of(info["fallback"][0])
    return LanguageName(code, code, is_right_to_left=False)


def name_in(code: str, language: str) -> str:
    """The name of a language in another language; in English if that is unknown."""
    with translation.override(language):
        return gettext(name_of(code).name)


def script_of(code: str) -> str:
    """The ISO 15924 code of the script that a language is written in."""
    parts = code.split("-")[1:]
    given = [part.title() for part in parts if len(part) == 4]
    return given[0] if given else _SCRIPTS.get(base(code), "Latn")
