"""Engines for tests, whose speech is text: the samples of their sound are its ASCII letters.

A full stop ends a phrase, zero bytes are silence. Real engines are in tests/cognitive.
"""

import os
import threading

from cognitive.abilities import EngineBusy, EngineUnavailable, RecognizedPhrase

BYTES_PER_MS = 32
# What those who say "wait" wait for.
released = threading.Event()
# Streams that are open now.
streams: set["TextStream"] = set()


class Text:
    """Understands text at once."""

    name = "text"
    version = "1"
    languages = frozenset({"en", "fr"})

    def open(self, language: str, rate_hz: int) -> "TextStream":
        """A stream."""
        return TextStream()


class TextStream:
    """A stream of text."""

    def __init__(self) -> None:
        self._at = self._start = 0
        self._text = ""
        streams.add(self)

    def feed(self, pcm: bytes) -> list[RecognizedPhrase]:
        """What the letters say."""
        heard = []
        for byte in pcm:
            if byte and not self._text.strip():
                self._start = self._at
            self._at += 1
            self._text += chr(byte) if byte else ""
            if byte == ord("."):
                heard.append(self._heard(is_final=True))
        if self._text.strip():
            heard.append(self._heard(is_final=False))
        if "wait" in self._text:
            released.wait(10)
        if "crash" in self._text:
            raise RuntimeError(f"It was said: {self._text}")
        if "die" in self._text:
            os.abort()
        return heard

    def finish(self) -> list[RecognizedPhrase]:
        """The rest."""
        return [self._heard(is_final=True)] if self._text.strip() else []

    def close(self) -> None:
        """Forgets it."""
        streams.discard(self)

    def _heard(self, *, is_final: bool) -> RecognizedPhrase:
        text = self._text.strip()
        if is_final:
            self._text = ""
        start = self._start // BYTES_PER_MS
        return RecognizedPhrase(text, start, self._at // BYTES_PER_MS - start, is_final)


class Absent(Text):
    """Is not there."""

    name = "absent"

    def __init__(self) -> None:
        raise EngineUnavailable("Not installed.")


class Full(Text):
    """Has no stream left."""

    name = "full"

    def open(self, language: str, rate_hz: int) -> TextStream:
        """None."""
        raise EngineBusy("All are taken.")
