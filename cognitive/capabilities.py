"""What the engines of this server can do, and why some are not available."""

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
    """All abilities with their engines in order of preference, and the limits.

    Loads no models. The languages of remote engines are requested once a day.
    """
    abilities = {
        str(ability): {"engines": [_engine(one) for one in candidates(ability)]}
        for ability in Ability
    }
    return {
        **abilities,
        "limits": {
            "messageCharacters": limits.MESSAGE_CHARACTERS,
            "messagesPerRequest": limits.MESSAGES_PER_REQUEST,
            "targetsPerRequest": limits.TARGETS_PER_REQUEST,
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
        # Engines are third-party code: a failure of one must not hide the others.
        logger.exception("Engine could not be described engine=%s", candidate.name)
        reason = "It failed to report its languages; see the server log."
        return {"name": candidate.name, "available": False, "reason": reason}


def _described(engine: Engine) -> dict[str, Any]:
    body: dict[str, Any] = {"version": engine.version, "languages": sorted(engine.languages)}
    pairs = getattr(engine, "pairs", None)
    if pairs is not None:
        body["pairs"] = _by_source(pairs)
    return body


def _by_source(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Targets by source; the key `*` means that all pairs of its languages are supported."""
    targets: dict[str, set[str]] = defaultdict(set)
    for source, target in pairs:
        targets[source].add(target)
    languages = set(targets)
    if languages and all(known | {source} == languages for source, known in targets.items()):
        return {"*": sorted(languages)} if len(languages) > 2 else _sorted(targets)
    return _sorted(targets)


def _sorted(targets: dict[str, set[str]]) -> dict[str, list[str]]:
    return {source: sorted(known) for source, known in sorted(targets.items())}
