"""Which engines there are, and in which order they are asked.

`settings.COGNITIVE_ENGINES` names engines per ability in order of preference;
`settings.COGNITIVE_PROVIDERS` says where each lives.
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
    """An engine that the settings name: the engine itself, or why it is not to be had."""

    ability: Ability
    name: str
    engine: Engine | None
    reason: str = ""
    # Whether it is there and does not work, rather than not there.
    is_broken: bool = False


# What is not to be had is looked for again after so long: it may have been installed meanwhile, or
# the machine was too busy to find out.
MISSING_S = 300.0

# Each with the time when it was looked for.
_candidates: dict[tuple[Ability, str], tuple[float, Candidate]] = {}
_lock = threading.Lock()


def candidates(ability: Ability) -> list[Candidate]:
    """All engines that the settings name for an ability, in their order."""
    return [_candidate(ability, name) for name in settings.COGNITIVE_ENGINES[ability]]


def forget_engines() -> None:
    """Lets the next question make all engines anew, for instance after an installation."""
    with _lock:
        _candidates.clear()


def detectors() -> Iterator[Detector]:
    """The detectors that work, the preferred first."""
    return _available(Ability.DETECTION)


def translators() -> Iterator[Translator]:
    """The translators that work, the preferred first."""
    return _available(Ability.TRANSLATION)


def sentiment_analyzers() -> Iterator[SentimentAnalyzer]:
    """The sentiment analyzers that work, the preferred first."""
    return _available(Ability.SENTIMENT)


def recognizers() -> Iterator[Recognizer]:
    """The recognizers that work, the preferred first."""
    return _available(Ability.SPEECH)


def _available(ability: Ability) -> Iterator[Any]:
    for name in settings.COGNITIVE_ENGINES[ability]:
        engine = _candidate(ability, name).engine
        if engine is not None:
            yield engine


def _candidate(ability: Ability, name: str) -> Candidate:
    key = (ability, name)
    # Whoever comes meanwhile waits for the same engine.
    with _lock:
        now = time.monotonic()
        at, known = _candidates.get(key, (now, None))
        if known is None or (known.engine is None and now - at >= MISSING_S):
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
        # Engines come from elsewhere; whatever they do, chat goes on.
        logger.exception("The engine %s could not be loaded", name)
        reason = "It failed while it was loaded; the log says more."
        return Candidate(ability, name, None, reason, is_broken=True)
