"""What the engines here can do, and why those that are missing are."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.conf import settings

from cognitive import limits
from cognitive.abilities import Ability, Engine, EngineUnavailable
from cognitive.engines import Candidate, candidates

logger = logging.getLogger(__name__)


def capabilities() -> dict[str, Any]:
    """All abilities with their engines in the order in which they are asked, and the limits.

    No model is loaded, and what engines elsewhere told of their languages is asked once a day.
    """
    abilities = {
        str(ability): {"engines": [_engine(one) for one in candidates(ability)]}
        for ability in Ability
    }
    return {
        **abilities,
        "limits": {
            "messageCharacters": limits.MESSAGE_CHARACTERS,
            "messagesPerRequest": limits.MESSAGES,
            "targetsPerRequest": limits.TARGETS,
            "requestsPerMinute": settings.CHATSITE_COGNITIVE_REQUESTS,
            "speechStreams": settings.CHATSITE_COGNITIVE_STREAMS,
        },
    }


def _engine(candidate: Candidate) -> dict[str, Any]:
    if candidate.engine is None:
        return {"name": candidate.name, "available": False, "reason": candidate.reason}
    try:
        return {"name": candidate.name, "available": True, **_described(candidate.engine)}
    except EngineUnavailable as problem:
        return {"name": candidate.name, "available": False, "reason": str(problem)}
    except Exception:
        # Engines come from elsewhere; what is known of the others is told all the same.
        logger.exception("The engine %s could not describe itself", candidate.name)
        reason = "It failed when it was asked what it knows; the log says more."
        return {"name": candidate.name, "available": False, "reason": reason}


def _described(engine: Engine) -> dict[str, Any]:
    body: dict[str, Any] = {"version": engine.version, "languages": sorted(engine.languages)}
    pairs = getattr(engine, "pairs", None)
    if pairs is not None:
        body["pairs"] = _by_source(pairs)
    return body


def _by_source(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Targets by source; `*` stands for all languages where any leads to any other."""
    targets: dict[str, set[str]] = defaultdict(set)
    for source, target in pairs:
        targets[source].add(target)
    languages = set(targets)
    if languages and all(known | {source} == languages for source, known in targets.items()):
        return {"*": sorted(languages)} if len(languages) > 2 else _sorted(targets)
    return _sorted(targets)


def _sorted(targets: dict[str, set[str]]) -> dict[str, list[str]]:
    return {source: sorted(known) for source, known in sorted(targets.items())}
