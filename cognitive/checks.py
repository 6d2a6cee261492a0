"""System checks: settings that an engine requires."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from cognitive.abilities import Ability
from wire.check_tags import SETTINGS_CHECKS

_TRANSLATOR = "CHATSITE_COGNITIVE_AZURE_TRANSLATOR_"
_NEEDED = {
    (Ability.TRANSLATION, "azure"): (f"{_TRANSLATOR}URL", f"{_TRANSLATOR}KEY"),
    (Ability.DETECTION, "azure"): (f"{_TRANSLATOR}URL", f"{_TRANSLATOR}KEY"),
    (Ability.SENTIMENT, "azure"): (
        "CHATSITE_COGNITIVE_AZURE_LANGUAGE_URL",
        "CHATSITE_COGNITIVE_AZURE_LANGUAGE_KEY",
    ),
    (Ability.SPEECH, "azure"): (
        "CHATSITE_COGNITIVE_AZURE_SPEECH_URL",
        "CHATSITE_COGNITIVE_AZURE_SPEECH_KEY",
    ),
    (Ability.TRANSLATION, "libretranslate"): ("CHATSITE_COGNITIVE_LIBRETRANSLATE_URL",),
    (Ability.DETECTION, "libretranslate"): ("CHATSITE_COGNITIVE_LIBRETRANSLATE_URL",),
}


@register(SETTINGS_CHECKS)
def check_engines(**kwargs: Any) -> list[CheckMessage]:
    """Remote engines need a URL, and most a key; the folder of models must exist."""
    return list(_problems())


def _problems() -> Iterator[CheckMessage]:
    for (ability, engine), names in _NEEDED.items():
        missing = [name for name in names if not getattr(settings, name)]
        if engine in settings.COGNITIVE_ENGINES[ability] and missing:
            yield Error(
                f"CHATSITE_COGNITIVE_{ability.upper()} names {engine},"
                f" which needs {' and '.join(missing)}.",
                id="cognitive.E001",
            )
    folder = settings.CHATSITE_COGNITIVE_MODELS
    if folder is not None and not folder.is_dir():
        yield Error("CHATSITE_COGNITIVE_MODELS is not a directory.", id="cognitive.E002")
