"""Running engines that are programs."""

import sys
import time
from pathlib import Path

import pytest

from cognitive.abilities import EngineUnavailable
from cognitive.programs import run


def script(folder: Path, text: str) -> list[str]:
    file = folder / "engine.sh"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return [str(file)]


def test_a_program_gets_its_text_and_returns_another(tmp_path: Path) -> None:
    upper = [sys.executable, "-c", "import sys; print(sys.stdin.read().upper(), end='')"]
    assert run(upper, "häuser $(id) ; 家", seconds=20) == "HÄUSER $(ID) ; 家"


def test_a_program_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    command = script(tmp_path, f"(sleep 2; touch {mark}) & sleep 60")
    started = time.monotonic()
    with pytest.raises(EngineUnavailable, match="took longer"):
        run(command, "x", seconds=0.3)
    assert time.monotonic() - started < 30
    time.sleep(max(0.0, 2.5 - (time.monotonic() - started)))
    assert not mark.exists()


def test_a_program_that_fails_or_is_not_there_is_no_engine(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="exited with code 3"):
        run(script(tmp_path, "exit 3"), "x", seconds=20)
    with pytest.raises(EngineUnavailable):
        run([str(tmp_path / "nothing")], "x", seconds=20)
