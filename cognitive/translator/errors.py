"""The errors of Azure Translator: codes of six digits that begin with the HTTP status."""

from wire.errors import ChatError

_MESSAGES = {
    400000: "One of the request inputs is not valid.",
    400001: "The 'scope' parameter is not valid.",
    400003: "A language specifier is missing or not valid.",
    400005: "An input text is missing or not valid.",
    400020: "One of the elements in the array of input text is not valid.",
    400021: "The api-version parameter is missing or not valid.",
    400023: "One of the language pairs is not supported.",
    400035: "The source language is not valid or not supported.",
    400036: "The target language is missing, not valid or not supported.",
    400042: "One of the options is not valid.",
    400050: "The input text is too long.",
    400071: "The value is not valid for TextType.",
    400072: "The array of input text has too many elements.",
    400073: "The script parameter is not valid for the language.",
    400074: "The body of the request is not valid JSON.",
    400077: "The request is too large.",
    400079: "The custom system for translation between these languages does not exist.",
    400080: "Transliteration is not supported.",
}


def translator_error(code: int, message: str | None = None) -> ChatError:
    """The error with this code, with its default message unless one is given."""
    return ChatError(code // 1000, str(code), message or _MESSAGES[code])
