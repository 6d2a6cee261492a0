"""Apertium's provider with a program in its place, which swallows what it is told to."""

import os
import time
from pathlib import Path

import pytest

from cognitive.abilities import EngineUnavailable, Quality
from cognitive.providers.apertium import Apertium

# Knows one word, swallows lines that begin with `mute`, and notes that it was asked.
PROGRAM = """#!/bin/sh
case "$1" in
  -l) echo "  eng-spa" ;;
  *) echo asked >> "$0.log"; sed -e 's/^mute.*//' -e 's/house/casa/g' ;;
esac
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program, first on the path."""
    program = tmp_path / "apertium"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return program


def test_a_line_that_apertium_swallows_stays_as_it_was(program: Path) -> None:
    (found,) = Apertium().translate(["the house\nmute words\nthe house"], "en", "es")
    assert found.text == "the casa\nmute words\nthe casa"


def test_a_text_that_apertium_swallows_is_of_low_quality(program: Path) -> None:
    (found,) = Apertium().translate(["mute words"], "en", "es")
    assert (found.text, found.quality) == ("mute words", Quality.LOW)


@pytest.mark.parametrize("text", ["\u00ad", "\uffff", "12:30", "😀 !"])
def test_a_text_without_words_asks_no_program(program: Path, text: str) -> None:
    (found,) = Apertium().translate([text], "en", "es")
    assert found.text == text
    assert not program.with_suffix(".log").exists()


def test_a_pair_that_returns_nothing_is_left_alone_and_tried_again(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Apertium()
    works = program.read_text()
    program.write_text(works.replace("sed ", "true "))
    with pytest.raises(EngineUnavailable):
        engine.translate(["the house"], "en", "es")
    assert not engine.pairs
    # It was killed, and all is well again.
    program.write_text(works)
    later = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert engine.pairs == {("en", "es")}
    assert engine.translate(["the house"], "en", "es")[0].text == "the casa"
