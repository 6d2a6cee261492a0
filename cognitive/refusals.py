"""How it is told over REST that engines cannot, in the errors of the chat API."""

from cognitive.abilities import Ability, EngineBusy, EngineUnavailable, UnsupportedPair
from wire.errors import ChatError

_NOUNS = {
    Ability.DETECTION: "language detection",
    Ability.TRANSLATION: "translation",
    Ability.SENTIMENT: "sentiment analysis",
    Ability.SPEECH: "speech recognition",
}


def as_refusal(
    problem: EngineUnavailable | EngineBusy | UnsupportedPair, ability: Ability
) -> ChatError:
    """The error that a client gets; what only an operator should know stays in the log."""
    if isinstance(problem, UnsupportedPair):
        return ChatError(400, "UnsupportedLanguagePair", str(problem))
    if isinstance(problem, EngineBusy):
        return ChatError(
            429,
            "TooManyRequests",
            f"Too much {_NOUNS[ability]} is under way. Try again in a second.",
            headers={"Retry-After": "1"},
        )
    wait_s = problem.retry_after_s
    return ChatError(
        503,
        "EngineUnavailable",
        f"No engine for {_NOUNS[ability]} is available here at the moment.",
        headers={"Retry-After": str(wait_s)} if wait_s else None,
    )


def undetermined() -> ChatError:
    """400 for a text whose language nobody can tell."""
    return ChatError(
        400, "LanguageUndetermined", "The language of the message cannot be told from its text."
    )
