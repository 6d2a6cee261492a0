"""Errors of engines as errors of the chat API."""

from cognitive.abilities import Ability, EngineBusy, EngineUnavailable, UnsupportedPair
from wire.errors import ChatError

_NOUNS = {
    Ability.DETECTION: "language detection",
    Ability.TRANSLATION: "translation",
    Ability.SENTIMENT: "sentiment analysis",
    Ability.SPEECH: "speech recognition",
}


def chat_error_for(
    problem: EngineUnavailable | EngineBusy | UnsupportedPair, ability: Ability
) -> ChatError:
    """The error for the client, without the reason, which is only for operators."""
    if isinstance(problem, UnsupportedPair):
        return ChatError(400, "UnsupportedLanguagePair", str(problem))
    if isinstance(problem, EngineBusy):
        return ChatError(
            429,
            "TooManyRequests",
            f"The server is busy with {_NOUNS[ability]}. Try again in a second.",
            headers={"Retry-After": "1"},
        )
    wait_s = problem.retry_after_s
    return ChatError(
        503,
        "EngineUnavailable",
        f"{_NOUNS[ability].capitalize()} is currently unavailable.",
        headers={"Retry-After": str(wait_s)} if wait_s else None,
    )


def language_undetermined() -> ChatError:
    """400 for a text whose language cannot be detected."""
    return ChatError(
        400, "LanguageUndetermined", "The language of the message could not be detected."
    )
