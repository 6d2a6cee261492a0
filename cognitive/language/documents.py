"""Parses the documents of a request."""

from dataclasses import dataclass
from typing import Any

from cognitive.azure_errors import LanguageError
from cognitive.language.offsets import TEXT_ELEMENTS, offsets_of

# The maximum length of a document in text elements; a longer one is an error of that document
# (cognitive contract 5).
CHARACTERS = 5_120
_MAX_ID_LENGTH = 512


@dataclass(frozen=True)
class Document:
    """A text, with the language that the client sent ("" if none)."""

    id: str
    text: str
    language: str

    @property
    def length(self) -> int:
        """Its length in text elements."""
        return offsets_of(self.text, TEXT_ELEMENTS)[-1]


@dataclass(frozen=True)
class DocumentError:
    """The error of a document that cannot be processed."""

    id: str
    code: str
    message: str

    def json(self) -> dict[str, Any]:
        """The item of `errors`."""
        return {
            "id": self.id,
            "error": {
                "code": "InvalidArgument",
                "message": "Invalid document in request.",
                "innererror": {"code": self.code, "message": self.message},
            },
        }


def parse_documents(body: Any, limit: int) -> tuple[list[Document], list[DocumentError]]:
    """The documents in `{"documents": […]}`, and the errors of single documents.

    Raises LanguageError for an error of the whole request.
    """
    documents = body.get("documents") if isinstance(body, dict) else None
    if not isinstance(documents, list):
        raise LanguageError("MissingInputDocuments", "The request must have an array `documents`.")
    if not documents:
        raise LanguageError("MissingInputDocuments", "The request contains no documents.")
    if len(documents) > limit:
        raise LanguageError(
            "InvalidDocumentBatch", f"A request may contain at most {limit} documents."
        )
    valid: list[Document] = []
    errors: list[DocumentError] = []
    seen: set[str] = set()
    for members in documents:
        document = _document(members, seen)
        if isinstance(document, Document):
            valid.append(document)
        else:
            errors.append(document)
    return valid, errors


def _document(members: Any, seen: set[str]) -> Document | DocumentError:
    if not isinstance(members, dict):
        raise LanguageError("InvalidRequestBodyFormat", "A document must be an object.")
    name, text, language = members.get("id"), members.get("text"), members.get("language")
    if not isinstance(name, str) or not 0 < len(name) <= _MAX_ID_LENGTH:
        raise LanguageError("InvalidDocument", "Each document must have an id.")
    if name in seen:
        raise LanguageError("InvalidDocument", "Two documents have the same id.")
    seen.add(name)
    if not isinstance(text, str | None) or not isinstance(language, str | None):
        raise LanguageError("InvalidRequestBodyFormat", "Text and language must be strings.")
    if not text or not text.strip():
        return DocumentError(name, "InvalidDocument", "Document text is empty.")
    document = Document(name, text, (language or "").strip())
    if document.length > CHARACTERS:
        limit = f"A document in the request exceeds {CHARACTERS} text elements."
        return DocumentError(name, "InvalidDocument", limit)
    return document
