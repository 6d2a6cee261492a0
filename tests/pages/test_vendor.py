"""What static/vendor holds is what VENDOR.json says, and what frontend/ makes of it."""

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from load_testing.servers import CHECKOUT
from tests.pages.packages import installed, node_environment

VENDOR = CHECKOUT / "static" / "vendor"
FRONTEND = CHECKOUT / "frontend"


def test_the_files_have_the_hashes_and_versions_that_are_written_down() -> None:
    described = json.loads((VENDOR / "VENDOR.json").read_text())
    wanted = json.loads((FRONTEND / "package.json").read_text())["devDependencies"]
    for name, file in described.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == file["sha256"]
        for package in file["packages"]:
            assert wanted[package["name"]] == package["version"]
    licences = (VENDOR / "LICENCES.txt").read_text()
    for package in (one for file in described.values() for one in file["packages"]):
        assert f"==== {package['name']}\n" in licences


@pytest.mark.sdk
def test_bundling_again_gives_the_same_bytes(tmp_path: Path) -> None:
    installed(FRONTEND)
    frontend = tmp_path / "frontend"
    for name in ("entries", "node_modules"):
        shutil.copytree(FRONTEND / name, frontend / name, symlinks=True)
    shutil.copy(FRONTEND / "vendor.mjs", frontend)
    subprocess.run(["node", "vendor.mjs"], cwd=frontend, env=node_environment(), check=True)
    made = sorted((tmp_path / "static" / "vendor").iterdir())
    assert len(made) == 4
    for file in made:
        assert file.read_bytes() == (VENDOR / file.name).read_bytes(), file.name
