"""What a clear answer is."""

from __future__ import annotations

from .stage import Answer, Stage

# The service's front answers these, in the documented form only.
FRONT_CODES = frozenset({"ApiVersionUnspecified", "UnsupportedApiVersion"})


def unclear(answer: Answer) -> str:
    """What is wrong with an answer to hostile input; empty when it is clear."""
    if answer.status == 401:
        return "401 with a body" if answer.body else ""
    if 200 <= answer.status < 300:
        return _bad_success(answer)
    if 400 <= answer.status < 500:
        return _bad_refusal(answer)
    return f"status {answer.status}: {answer.body[:300]!r}"


def _bad_success(answer: Answer) -> str:
    if not answer.body:
        return ""
    try:
        answer.json()
    except ValueError:
        return f"not JSON: {answer.body[:300]!r}"
    return ""


def _bad_refusal(answer: Answer) -> str:
    if not answer.headers.get("content-type", "").startswith("application/json"):
        return f"{answer.status} of type {answer.headers.get('content-type')}"
    try:
        content = answer.json()
        error = content["error"]
        code, message = error["code"], error["message"]
        recorded = content.get("CommunicationError")
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"{answer.status} without an error: {answer.body[:300]!r}"
    if not (isinstance(code, str) and code and isinstance(message, str) and message):
        return f"{answer.status} without code or message: {answer.body[:300]!r}"
    if len(answer.body) > 20_000:
        return f"{answer.status} echoes {len(answer.body)} bytes"
    if recorded is None:
        return "" if code in FRONT_CODES else f"{answer.status} without CommunicationError"
    return "" if recorded["Code"] == code and recorded["Details"] == [] else "two codes"


def unreadable(stage: Stage) -> list[str]:
    """The lists and the thread that alice cannot read any more, after whatever was written."""
    paths = ["/chat/threads", stage.thread]
    paths += [f"{stage.thread}/{name}" for name in ("participants", "messages", "readReceipts")]
    answers = {path: stage.send("GET", path) for path in paths}
    return [
        f"{path}: {answer.status} {unclear(answer)}"
        for path, answer in answers.items()
        if answer.status != 200 or unclear(answer)
    ]
