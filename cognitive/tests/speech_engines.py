"""Engines for tests, whose audio is text: the samples are ASCII letters.

A period ends a phrase, and zero bytes are silence. Real engines are tested in tests/cognitive.
"""

import os
import threading

from cognitive.abilities import EngineBusy, EngineUnavailable, RecognizedPhrase

BYTES_PER_MS = 32
# Streams that receive "wait" wait for this event.
released = threading.Event()
# The open streams.
streams: set["TextStream"] = set()


class Text:
    """Recognizes text immediately."""

    name = "text"
    version = "1"
    languages = frozenset({"en", "fr"})

    def open(self, language: str, rate_hz: int) -> "TextStream":
        return TextStream()


class TextStream:
    def __init__(self) -> None:
        self._at = self._start = 0
        self._text = ""
        streams.add(self)

    def feed(self, pcm: bytes) -> list[RecognizedPhrase]:
        results = []
        for byte in pcm:
            if byte and not self._text.strip():
                self._start = self._at
            self._at += 1
            self._text += chr(byte) if byte else ""
            if byte == ord("."):
                results.append(self._result(is_final=True))
        if self._text.strip():
            results.append(self._result(is_final=False))
        if "wait" in self._text:
            released.wait(10)
        if "crash" in self._text:
            raise RuntimeError(f"The text was: {self._text}")
        if "die" in self._text:
            os.abort()
        return results

    def finish(self) -> list[RecognizedPhrase]:
        return [self._result(is_final=True)] if self._text.strip() else []

    def close(self) -> None:
        streams.discard(self)

    def _result(self, *, is_final: bool) -> RecognizedPhrase:
        text = self._text.strip()
        if is_final:
            self._text = ""
        start = self._start // BYTES_PER_MS
        return RecognizedPhrase(text, start, self._at // BYTES_PER_MS - start, is_final)


class Absent(Text):
    """An engine that is not installed."""

    name = "absent"

    def __init__(self) -> None:
        raise EngineUnavailable("Not installed.")


class Full(Text):
    """An engine without free streams."""

    name = "full"

    def open(self, language: str, rate_hz: int) -> TextStream:
        raise EngineBusy("All are taken.")
