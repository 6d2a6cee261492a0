"""Apertium: rule-based translation in child processes (cognitive contract 2.1)."""

import hashlib
import re
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby
from pathlib import Path

from cognitive.abilities import EngineBusy, EngineUnavailable, Quality, Translation
from cognitive.programs import run
from cognitive.translation_paths import Pair, translation_paths

# Time limits in seconds: for all texts of a call, for one process, and for waiting until fewer than
# _MAX_PROCESSES are running.
_CALL_S, _PROCESS_S, _WAIT_S = 20.0, 10.0, 5.0
_MAX_PROCESSES = 4
# How long a mode that returned nothing is not used. It is used again later, because the cause may
# have been a process that was killed.
_SUSPENDED_S = 60.0
# Characters per process; starting one takes longer than the translation.
_CHARACTERS = 20_000
# A larger share of unknown words makes a translation low quality.
_UNKNOWN_SHARE = 0.3
# The pivot language, if there are several to choose from.
_PREFERRED_PIVOT = "es"

# Modes have language codes of two or three letters.
_CODES = {
    **{"afr": "af", "arg": "an", "ast": "ast", "bel": "be", "bre": "br", "bul": "bg", "cat": "ca"},
    **{"cym": "cy", "dan": "da", "eng": "en", "epo": "eo", "eus": "eu", "fra": "fr", "glg": "gl"},
    **{"hbs": "sh", "hin": "hi", "ind": "id", "isl": "is", "ita": "it", "kaz": "kk", "mkd": "mk"},
    **{"mlt": "mt", "msa": "ms", "nld": "nl", "nno": "nn", "nob": "nb", "oci": "oc", "pol": "pl"},
    **{"por": "pt", "ron": "ro", "rus": "ru", "slv": "sl", "spa": "es", "srd": "sc", "swe": "sv"},
    **{"tat": "tt", "ukr": "uk", "urd": "ur", "zlm": "ms"},
}
_MODE = re.compile(r"([a-z]{2,3})-([a-z]{2,3})(?:_([A-Z]{2}))?")
# Apertium marks unknown words with an asterisk, and words that it cannot inflect with a hash sign
# and the requested forms. These characters are replaced in the text before it is translated.
_SUBSTITUTES = {"*": "\u2217", "#": "\uff03"}
_UNKNOWN = re.compile(r"(?<!@)\*(?=\w)")
_MARKS = re.compile(r"\*|#([\w’']*)(?:<[a-z0-9]+>)*")
_WORD = re.compile(r"[^\W\d_]+")


class Apertium:
    """Translates with one installed pair, or with two in succession."""

    name = "apertium"

    def __init__(self) -> None:
        program = shutil.which("apertium")
        if program is None:
            raise EngineUnavailable(
                "Apertium is not installed. Run `make cognitive`,"
                " or apt-get install apertium apertium-eng-spa."
            )
        self._program = program
        self._installed = _direct_modes(run([program, "-l"], "", seconds=_PROCESS_S))
        if not self._installed:
            raise EngineUnavailable(
                "Apertium has no language pairs. Run `make cognitive`,"
                " or apt-get install apertium-eng-spa."
            )
        self._processes = threading.BoundedSemaphore(_MAX_PROCESSES)
        # Protects the attributes below.
        self._lock = threading.Lock()
        # Modes that returned nothing, and until when they are not used.
        self._suspended_until: dict[str, float] = {}
        self._paths = translation_paths(self._installed, _PREFERRED_PIVOT)

    @cached_property
    def version(self) -> str:
        """The version of the program, and a hash of the installed pairs."""
        shown = re.search(r"\d+(\.\d+)+", run([self._program, "-V"], "", seconds=_PROCESS_S))
        files = Path(self._program).resolve().parent.parent / "share/apertium/modes"
        modes = [(m.name, m.stat().st_mtime_ns) for m in sorted(files.glob("*.mode"))]
        digest = hashlib.sha256(repr([self._installed, modes]).encode()).hexdigest()[:6]
        return f"{shown[0] if shown else '0'}+{digest}"

    @property
    def languages(self) -> frozenset[str]:
        """The languages of all pairs."""
        return frozenset(language for pair in self.pairs for language in pair)

    @property
    def pairs(self) -> frozenset[Pair]:
        """The pairs that at most two modes cover which have not failed recently."""
        return frozenset(self._available_paths())

    @property
    def direct_pairs(self) -> frozenset[Pair]:
        """The pairs of a single mode: testing these tests all modes."""
        return frozenset(self._installed)

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translation]:
        """Translates line by line, keeping the white space around lines.

        Lines without a word are kept unchanged, because Apertium returns nothing for some of them.
        """
        path = self._available_paths().get((source, target))
        if path is None:
            raise EngineUnavailable(f"Apertium cannot translate from {source} to {target}.")
        lines = [_without_marks(text).splitlines(keepends=True) for text in texts]
        plain = [line.strip() for text in lines for line in text if _WORD.search(line)]
        known, unknown = plain, [0] * len(plain)
        ends_at = time.monotonic() + _CALL_S
        for mode in path:
            marked = self._step(mode, known, ends_at)
            unknown = [n + len(_UNKNOWN.findall(m)) for n, m in zip(unknown, marked, strict=True)]
            known = [_clean(line, was) for line, was in zip(marked, known, strict=True)]
        done = iter(zip(plain, known, unknown, strict=True))
        return [_assemble(text, own, done) for text, own in zip(texts, lines, strict=True)]

    def _step(self, mode: str, lines: list[str], ends_at: float) -> list[str]:
        """Translations, with marks, of lines without surrounding white space."""
        found = [
            line for chunk in _chunks(lines) for line in self._translate_lines(mode, chunk, ends_at)
        ]
        if all(found):
            return found
        if not self._run(mode, "a", ends_at):
            self._suspend(mode)
            raise EngineUnavailable(f"Apertium's {mode} returns nothing.")
        # Lines without a result are returned unchanged, with all words marked as unknown.
        both = zip(found, lines, strict=True)
        return [translated or _WORD.sub(r"*\g<0>", line) for translated, line in both]

    def _translate_lines(self, mode: str, lines: list[str], ends_at: float) -> list[str]:
        # Empty lines end sentences, so the lines do not influence each other.
        whole = self._run(mode, "\n\n".join(lines), ends_at)
        found = whole.split("\n\n")
        if len(found) == len(lines):
            return found
        if len(lines) == 1:
            return [whole]
        middle = len(lines) // 2
        halves = (lines[:middle], lines[middle:])
        return [line for half in halves for line in self._translate_lines(mode, half, ends_at)]

    def _run(self, mode: str, text: str, ends_at: float) -> str:
        seconds = min(_PROCESS_S, ends_at - time.monotonic())
        if seconds <= 0:
            raise EngineUnavailable("Apertium took too long.")
        if not self._processes.acquire(timeout=min(_WAIT_S, seconds)):
            raise EngineBusy
        try:
            return run([self._program, mode], text, seconds=seconds).strip()
        finally:
            self._processes.release()

    def _available_paths(self) -> dict[Pair, tuple[str, ...]]:
        now = time.monotonic()
        with self._lock:
            if any(until <= now for until in self._suspended_until.values()):
                self._suspended_until = {m: t for m, t in self._suspended_until.items() if t > now}
                self._update_paths()
            return self._paths

    def _suspend(self, mode: str) -> None:
        with self._lock:
            self._suspended_until[mode] = time.monotonic() + _SUSPENDED_S
            self._update_paths()

    def _update_paths(self) -> None:
        usable = {pair: m for pair, m in self._installed.items() if m not in self._suspended_until}
        self._paths = translation_paths(usable, _PREFERRED_PIVOT)


def _direct_modes(listed: str) -> dict[Pair, str]:
    """The modes by source and target language."""
    modes: dict[Pair, str] = {}
    for mode in sorted(listed.split()):
        if match := _MODE.fullmatch(mode):
            source, target = (_CODES.get(code, code) for code in match.groups()[:2])
            # Variants other than regional ones have no code that clients know.
            if len(source) == 2 or source == "ast":
                modes.setdefault((source, f"{target}-{match[3]}" if match[3] else target), mode)
    return modes


def _chunks(lines: list[str]) -> Iterator[list[str]]:
    position = 0
    places = []
    for line in lines:
        places.append(position // _CHARACTERS)
        position += len(line)
    for _, group in groupby(zip(places, lines, strict=True), key=lambda item: item[0]):
        yield [line for _, line in group]


def _clean(marked: str, source: str) -> str:
    """A translated line without marks and repeated spaces, capitalized like its source."""
    line = re.sub(r"(?<=\S) {2,}", " ", _MARKS.sub(r"\1", marked)).strip()
    return line[:1].upper() + line[1:] if source[:1].isupper() else line


def _without_marks(text: str) -> str:
    for mark, substitute in _SUBSTITUTES.items():
        text = text.replace(mark, substitute)
    # NUL has a meaning in Apertium's input.
    return text.replace("\0", " ")


def _assemble(text: str, own_lines: list[str], done: Iterator[tuple[str, str, int]]) -> Translation:
    result, words, unknown = [], 0, 0
    for line in own_lines:
        if not _WORD.search(line):
            result.append(line)
            continue
        core, translated, missing = next(done)
        result.append(line.replace(core, translated, 1))
        words += len(_WORD.findall(core))
        unknown += missing
    joined = "".join(result)
    for mark, substitute in _SUBSTITUTES.items():
        if substitute not in text:
            joined = joined.replace(substitute, mark)
    low = unknown > _UNKNOWN_SHARE * words
    return Translation(joined, Quality.LOW if low else Quality.GIST)
