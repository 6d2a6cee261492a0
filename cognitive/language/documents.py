"""The documents of a request, those that cannot be processed among them."""

from dataclasses import dataclass
from typing import Any

from cognitive.dialects import LanguageError
from cognitive.language.offsets import TEXT_ELEMENTS, offsets_of

# What a document may hold, in text elements; more is that document's error (cognitive contract 5).
CHARACTERS = 5_120
_LONGEST_ID = 512


@dataclass(frozen=True)
class Document:
    """One text. `language` is what the client believes, "" if it says nothing."""

    id: str
    text: str
    language: str

    @property
    def length(self) -> int:
        """Its length in text elements."""
        return offsets_of(self.text, TEXT_ELEMENTS)[-1]


@dataclass(frozen=True)
class Refused:
    """A document that was not processed, and why."""

    id: str
    code: str
    message: str

    def json(self) -> dict[str, Any]:
        """As it stands in `errors`."""
        return {
            "id": self.id,
            "error": {
                "code": "InvalidArgument",
                "message": "Invalid document in request.",
                "innererror": {"code": self.code, "message": self.message},
            },
        }


def documents_of(members: Any, most: int) -> tuple[list[Document], list[Refused]]:
    """The documents in `{"documents": […]}`, and those that are refused each by itself.

    Raises LanguageError when the request as a whole makes no sense.
    """
    documents = members.get("documents") if isinstance(members, dict) else None
    if not isinstance(documents, list):
        raise LanguageError("MissingInputDocuments", "The request has no array `documents`.")
    if not documents:
        raise LanguageError("MissingInputDocuments", "The request holds no documents.")
    if len(documents) > most:
        raise LanguageError(
            "InvalidDocumentBatch", f"A request must not hold more than {most} documents."
        )
    good: list[Document] = []
    bad: list[Refused] = []
    seen: set[str] = set()
    for members in documents:
        document = _document(members, seen)
        if isinstance(document, Document):
            good.append(document)
        else:
            bad.append(document)
    return good, bad


def _document(members: Any, seen: set[str]) -> Document | Refused:
    if not isinstance(members, dict):
        raise LanguageError("InvalidRequestBodyFormat", "A document must be an object.")
    name, text, language = members.get("id"), members.get("text"), members.get("language")
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_ID:
        raise LanguageError("InvalidDocument", "Each document needs an id of its own.")
    if name in seen:
        raise LanguageError("InvalidDocument", "Two documents have the same id.")
    seen.add(name)
    if not isinstance(text, str | None) or not isinstance(language, str | None):
        raise LanguageError("InvalidRequestBodyFormat", "Text and language must be texts.")
    if not text or not text.strip():
        return Refused(name, "InvalidDocument", "Document text is empty.")
    document = Document(name, text, (language or "").strip())
    if document.length > CHARACTERS:
        limit = f"A document in the request exceeds {CHARACTERS} text elements."
        return Refused(name, "InvalidDocument", limit)
    return document
