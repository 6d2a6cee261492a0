"""The engines that the settings name, in order of preference.

`settings.COGNITIVE_ENGINES` names engines per ability in order of preference;
`settings.COGNITIVE_PROVIDERS` has the dotted path of each.
"""

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from cognitive.abilities import (
    Ability,
    Detector,
    Engine,
    EngineUnavailable,
    Recognizer,
    SentimentAnalyzer,
    Translator,
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Candidate:
    """An engine that the settings name: the engine itself, or the reason why it is unavailable."""

    ability: Ability
    name: str
    engine: Engine | None
    reason: str = ""
    # Whether it is installed but does not work.
    is_broken: bool = False


# Seconds after which an unavailable engine is tried again: it may have been installed meanwhile, or
# the machine was too busy the first time.
RECHECK_S = 300.0

# Each with the time when it was loaded.
_candidates: dict[tuple[Ability, str], tuple[float, Candidate]] = {}
_lock = threading.Lock()


def candidates(ability: Ability) -> list[Candidate]:
    """All engines that the settings name for an ability, available or not, in order."""
    return [_candidate(ability, name) for name in settings.COGNITIVE_ENGINES[ability]]


def reset_engines() -> None:
    """Discards all engine instances, for instance after an installation."""
    with _lock:
        _candidates.clear()


def detectors() -> Iterator[Detector]:
    """The available detectors in order of preference."""
    return _available(Ability.DETECTION)


def translators() -> Iterator[Translator]:
    """The available translators in order of preference."""
    return _available(Ability.TRANSLATION)


def sentiment_analyzers() -> Iterator[SentimentAnalyzer]:
    """The available sentiment analyzers in order of preference."""
    return _available(Ability.SENTIMENT)


def recognizers() -> Iterator[Recognizer]:
    """The available speech recognizers in order of preference."""
    return _available(Ability.SPEECH)


def _available(ability: Ability) -> Iterator[Any]:
    for name in settings.COGNITIVE_ENGINES[ability]:
        engine = _candidate(ability, name).engine
        if engine is not None:
            yield engine


def _candidate(ability: Ability, name: str) -> Candidate:
    key = (ability, name)
    # Other threads wait for the same instance.
    with _lock:
        now = time.monotonic()
        at, known = _candidates.get(key, (now, None))
        if known is None or (known.engine is None and now - at >= RECHECK_S):
            known = _load(ability, name)
            _candidates[key] = (now, known)
        return known


def _load(ability: Ability, name: str) -> Candidate:
    try:
        return Candidate(
            ability, name, import_string(settings.COGNITIVE_PROVIDERS[ability][name])()
        )
    except EngineUnavailable as problem:
        return Candidate(ability, name, None, str(problem))
    except Exception:
        # Engines are third-party code: a failure must not affect the chat.
        logger.exception("Engine could not be loaded ability=%s engine=%s", ability, name)
        reason = "It failed to load; see the server log."
        return Candidate(ability, name, None, reason, is_broken=True)
