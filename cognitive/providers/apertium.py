"""Apertium: translation by rules, in a process of its own (cognitive contract 2.1)."""

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
from cognitive.chains import Pair, chains
from cognitive.programs import run

# Seconds for the texts of one question, for one process, and for a free place; who waits longer
# is refused. How many processes there may be at once.
_QUESTION_S, _PROCESS_S, _WAIT_S = 20.0, 10.0, 5.0
_PROCESSES = 4
# How long a pair that returned nothing is not offered; not for good, for the cause may have been a
# process that was killed.
_LEFT_ALONE_S = 60.0
# Characters that one process gets; starting one costs more than what it does.
_CHARACTERS = 20_000
# A translation with a larger share of unknown words is hardly one.
_UNKNOWN_SHARE = 0.3
# The language through which others reach each other, where there is a choice.
_BEST_PIVOT = "es"

# Modes name languages by three letters or by two.
_CODES = {
    **{"afr": "af", "arg": "an", "ast": "ast", "bel": "be", "bre": "br", "bul": "bg", "cat": "ca"},
    **{"cym": "cy", "dan": "da", "eng": "en", "epo": "eo", "eus": "eu", "fra": "fr", "glg": "gl"},
    **{"hbs": "sh", "hin": "hi", "ind": "id", "isl": "is", "ita": "it", "kaz": "kk", "mkd": "mk"},
    **{"mlt": "mt", "msa": "ms", "nld": "nl", "nno": "nn", "nob": "nb", "oci": "oc", "pol": "pl"},
    **{"por": "pt", "ron": "ro", "rus": "ru", "slv": "sl", "spa": "es", "srd": "sc", "swe": "sv"},
    **{"tat": "tt", "ukr": "uk", "urd": "ur", "zlm": "ms"},
}
_MODE = re.compile(r"([a-z]{2,3})-([a-z]{2,3})(?:_([A-Z]{2}))?")
# Apertium marks words that it did not know with an asterisk, and those that it could not inflect
# with a hash sign and the forms it sought. The text's own signs step aside meanwhile.
_ASIDE = {"*": "\u2217", "#": "\uff03"}
_UNKNOWN = re.compile(r"(?<!@)\*(?=\w)")
_MARKS = re.compile(r"\*|#([\w’']*)(?:<[a-z0-9]+>)*")
_WORD = re.compile(r"[^\W\d_]+")


class Apertium:
    """Translates by one installed pair, or by two in a row."""

    name = "apertium"

    def __init__(self) -> None:
        program = shutil.which("apertium")
        if program is None:
            raise EngineUnavailable(
                "Apertium is not installed: apt-get install apertium apertium-eng-spa"
                " (or make cognitive)."
            )
        self._program = program
        self._installed = _direct_modes(run([program, "-l"], "", seconds=_PROCESS_S))
        if not self._installed:
            raise EngineUnavailable(
                "Apertium has no pair of languages: apt-get install apertium-eng-spa"
                " (or make cognitive)."
            )
        self._processes = threading.BoundedSemaphore(_PROCESSES)
        # Guards what is below.
        self._lock = threading.Lock()
        # Modes that returned nothing, and until when they are left alone.
        self._left_alone: dict[str, float] = {}
        self._chains = chains(self._installed, _BEST_PIVOT)

    @cached_property
    def version(self) -> str:
        """The program's version, and a sign that changes with the installed pairs."""
        shown = re.search(r"\d+(\.\d+)+", run([self._program, "-V"], "", seconds=_PROCESS_S))
        files = Path(self._program).resolve().parent.parent / "share/apertium/modes"
        modes = [(m.name, m.stat().st_mtime_ns) for m in sorted(files.glob("*.mode"))]
        sign = hashlib.sha256(repr([self._installed, modes]).encode()).hexdigest()[:6]
        return f"{shown[0] if shown else '0'}+{sign}"

    @property
    def languages(self) -> frozenset[str]:
        """The languages of all pairs."""
        return frozenset(language for pair in self.pairs for language in pair)

    @property
    def pairs(self) -> frozenset[Pair]:
        """What can be reached in at most two steps that have not failed a moment ago."""
        return frozenset(self._known_chains())

    @property
    def direct_pairs(self) -> frozenset[Pair]:
        """What is reached in one step: trying these tries everything."""
        return frozenset(self._installed)

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translation]:
        """Translations line by line; the blanks around lines and between them stay.

        Lines without a word stay, too: of some Apertium would return nothing.
        """
        chain = self._known_chains().get((source, target))
        if chain is None:
            raise EngineUnavailable(f"Apertium cannot translate from {source} to {target}.")
        lines = [_own_signs_aside(text).splitlines(keepends=True) for text in texts]
        plain = [line.strip() for text in lines for line in text if _WORD.search(line)]
        known, unknown = plain, [0] * len(plain)
        ends_at = time.monotonic() + _QUESTION_S
        for mode in chain:
            marked = self._step(mode, known, ends_at)
            unknown = [n + len(_UNKNOWN.findall(m)) for n, m in zip(unknown, marked, strict=True)]
            known = [_tidy(line, was) for line, was in zip(marked, known, strict=True)]
        done = iter(zip(plain, known, unknown, strict=True))
        return [_put_together(text, own, done) for text, own in zip(texts, lines, strict=True)]

    def _step(self, mode: str, lines: list[str], ends_at: float) -> list[str]:
        """Marked translations of lines without blanks around them."""
        found = [line for chunk in _chunks(lines) for line in self._together(mode, chunk, ends_at)]
        if all(found):
            return found
        if not self._run(mode, "a", ends_at):
            self._leave_alone(mode)
            raise EngineUnavailable(f"Apertium's {mode} returns nothing.")
        # What it swallowed the reader sees as it was, word for word unknown.
        both = zip(found, lines, strict=True)
        return [translated or _WORD.sub(r"*\g<0>", line) for translated, line in both]

    def _together(self, mode: str, lines: list[str], ends_at: float) -> list[str]:
        # An empty line ends a sentence, so lines have nothing to do with each other.
        whole = self._run(mode, "\n\n".join(lines), ends_at)
        found = whole.split("\n\n")
        if len(found) == len(lines):
            return found
        if len(lines) == 1:
            return [whole]
        middle = len(lines) // 2
        halves = (lines[:middle], lines[middle:])
        return [line for half in halves for line in self._together(mode, half, ends_at)]

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

    def _known_chains(self) -> dict[Pair, tuple[str, ...]]:
        now = time.monotonic()
        with self._lock:
            if any(until <= now for until in self._left_alone.values()):
                self._left_alone = {m: t for m, t in self._left_alone.items() if t > now}
                self._choose_chains()
            return self._chains

    def _leave_alone(self, mode: str) -> None:
        with self._lock:
            self._left_alone[mode] = time.monotonic() + _LEFT_ALONE_S
            self._choose_chains()

    def _choose_chains(self) -> None:
        usable = {pair: m for pair, m in self._installed.items() if m not in self._left_alone}
        self._chains = chains(usable, _BEST_PIVOT)


def _direct_modes(listed: str) -> dict[Pair, str]:
    """The modes by the languages that they lead from and to."""
    modes: dict[Pair, str] = {}
    for mode in sorted(listed.split()):
        if match := _MODE.fullmatch(mode):
            source, target = (_CODES.get(code, code) for code in match.groups()[:2])
            # Other variants than those of a country have no code that clients would know.
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


def _tidy(marked: str, source: str) -> str:
    """A translated line without marks and doubled blanks, with the capital of its source."""
    line = re.sub(r"(?<=\S) {2,}", " ", _MARKS.sub(r"\1", marked)).strip()
    return line[:1].upper() + line[1:] if source[:1].isupper() else line


def _own_signs_aside(text: str) -> str:
    for sign, aside in _ASIDE.items():
        text = text.replace(sign, aside)
    # NUL means something to Apertium's programs.
    return text.replace("\0", " ")


def _put_together(
    text: str, own_lines: list[str], done: Iterator[tuple[str, str, int]]
) -> Translation:
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
    for sign, aside in _ASIDE.items():
        if aside not in text:
            joined = joined.replace(aside, sign)
    low = unknown > _UNKNOWN_SHARE * words
    return Translation(joined, Quality.LOW if low else Quality.GIST)
