"""Chromium and pages that use the official packages; a cluster of two servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from load_testing.cluster import Cluster, ProgramMissing, running_cluster
from tests.browsers import running_chromium
from tests.live.bundles import bundle, served
from tests.server import fresh_database


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium of this machine. Its loop must end with the module's tests."""
    with running_chromium() as launched:
        yield launched


@pytest.fixture(scope="session")
def chat_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page with the chat SDK."""
    yield from _page(tmp_path_factory.mktemp("chat"), "chat.js")


@pytest.fixture(scope="session")
def composite_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page with the UI library's ChatComposite."""
    yield from _page(tmp_path_factory.mktemp("composite"), "composite.js")


def _page(folder: Path, entry: str) -> Iterator[str]:
    bundle(entry, folder)
    with served(folder) as address:
        yield address


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two servers on a database of their own. A test that stops one must start it again."""
    folder = tmp_path_factory.mktemp("cluster")
    try:
        with (
            fresh_database() as database,
            running_cluster(folder, database["DATABASE_URL"]) as running,
        ):
            yield running
    except ProgramMissing as problem:
        pytest.skip(str(problem))
