"""Codes of languages: BCP 47, of which engines know the language and sometimes the region."""

import re
from collections.abc import Collection

_CODE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def is_code(text: str) -> bool:
    """Whether a text looks like the code of a language: `es`, `pt-BR`, `zh-Hans`."""
    return _CODE.fullmatch(text) is not None


def canonical(code: str) -> str:
    """A code in its usual spelling: `PT-br` is `pt-BR`, `zh-hans` is `zh-Hans`."""
    language, *parts = code.replace("_", "-").split("-")
    return "-".join([language.lower(), *(_SPELLINGS.get(len(p), str.lower)(p) for p in parts)])


_SPELLINGS = {2: str.upper, 4: str.title}


def base(code: str) -> str:
    """The language without script and region."""
    return code.partition("-")[0].lower()


def choose_pair(
    source: str, target: str, pairs: Collection[tuple[str, str]]
) -> tuple[str, str] | None:
    """The pair among `pairs` (a set) that is asked for, or the nearest without regions."""
    source, target = canonical(source), canonical(target)
    wanted = (
        (source, target),
        (base(source), target),
        (source, base(target)),
        (base(source), base(target)),
    )
    return next((pair for pair in wanted if pair in pairs and pair[0] != pair[1]), None)
