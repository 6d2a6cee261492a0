"""Running engines that are programs."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
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
    # Reading a pipe ends when the last process that can write to it has ended.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    command = script(tmp_path, f"exec 9>{pipe}; echo started >&9; sleep 60 & sleep 60")
    with ThreadPoolExecutor() as pool:
        written = pool.submit(pipe.read_bytes)
        with pytest.raises(EngineUnavailable, match="took longer"):
            run(command, "x", seconds=1)
        assert written.result(timeout=30) == b"started\n"


def test_a_program_that_fails_or_is_not_there_is_no_engine(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="exited with code 3"):
        run(script(tmp_path, "exit 3"), "x", seconds=20)
    with pytest.raises(EngineUnavailable):
        run([str(tmp_path / "nothing")], "x", seconds=20)
