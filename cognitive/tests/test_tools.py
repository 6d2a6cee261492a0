"""The offline tools are separate from the server, and write the files that the server reads."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from cognitive.abilities import SentimentScores
from cognitive.providers import e5
from cognitive.sentiment import lexicon
from tools.sentiment import evaluate, material

CHECKOUT = Path(__file__).resolve().parent.parent.parent


def test_no_module_of_the_server_imports_the_tools() -> None:
    importing = [
        str(file.relative_to(CHECKOUT))
        for package in CHECKOUT.glob("*/__init__.py")
        if package.parent.name not in ("tools", "tests", "bench")
        for file in package.parent.rglob("*.py")
        if "tests" not in file.parts
        and re.search(r"^\s*(?:from|import) tools\b", file.read_text(), re.MULTILINE)
    ]
    assert importing == []


def test_the_tools_write_where_the_server_reads() -> None:
    assert "from cognitive.sentiment.lexicon import WORDS" in _source("build_lists")
    assert "from cognitive.providers.e5 import HEAD" in _source("train")
    assert lexicon.WORDS.is_file()
    assert e5.HEAD.is_file()


def test_the_evaluation_has_its_sentences() -> None:
    rows = material.chat_rows()
    assert sorted(rows) == ["de", "en", "es", "fr", "it", "pt"]
    assert all(evaluate.count_correct(_Neutral(), each, "en") == 8 for each in rows.values())


@pytest.mark.parametrize("name", ["build_lists", "evaluate"])
def test_each_tool_runs_as_its_readme_says(name: str) -> None:
    command = [sys.executable, "-m", f"tools.sentiment.{name}", "--help"]
    finished = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert f"python -m tools.sentiment.{name} FOLDER" in finished.stdout


def _source(name: str) -> str:
    return (CHECKOUT / "tools" / "sentiment" / f"{name}.py").read_text()


class _Neutral:
    """An engine that finds everything neutral."""

    name = "neutral"
    version = "1"
    languages: frozenset[str] = frozenset()

    def analyze(self, sentences: Sequence[str], language: str) -> list[SentimentScores]:
        return [SentimentScores(0, 1, 0) for _ in sentences]
