"""Language codes (BCP 47); engines support the language and sometimes the region."""

import re
from collections.abc import Collection

_CODE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


def is_code(text: str) -> bool:
    """Whether a text has the form of a language code: `es`, `pt-BR`, `zh-Hans`."""
    return _CODE.fullmatch(text) is not None


def canonical(code: str) -> str:
    """A code in its usual case: `pt-BR` for `PT-br`, `zh-Hans` for `zh-hans`."""
    language, *parts = code.replace("_", "-").split("-")
    return "-".join([language.lower(), *(_SPELLINGS.get(len(p), str.lower)(p) for p in parts)])


_SPELLINGS = {2: str.upper, 4: str.title}


def base(code: str) -> str:
    """The language without script and region."""
    return code.partition("-")[0].lower()


def choose_pair(
    source: str, target: str, pairs: Collection[tuple[str, str]]
) -> tuple[str, str] | None:
    """The requested pair if it is in `pairs` (a set), or the closest one without regions."""
    source, target = canonical(source), canonical(target)
    wanted = (
        (source, target),
        (base(source), target),
        (source, base(target)),
        (base(source), base(target)),
    )
    return next((pair for pair in wanted if pair in pairs and pair[0] != pair[1]), None)
