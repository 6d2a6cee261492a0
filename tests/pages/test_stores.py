"""The stores of the chat page, without a browser: one test per file in frontend/tests."""

from pathlib import Path

import pytest

from load_testing.servers import CHECKOUT
from tests.pages.packages import installed
from tests.sdk.nodejs import find_node, run_tests

FRONTEND = CHECKOUT / "frontend"
FILES = sorted(path.name for path in (FRONTEND / "tests").glob("*.test.mjs"))


@pytest.mark.sdk
@pytest.mark.parametrize("file", FILES)
def test_the_stores_do_what_their_tests_say(file: str) -> None:
    setup = (FRONTEND / "tests" / "setup.mjs").as_uri()
    run_tests(
        str(Path("tests") / file),
        node=find_node(),
        packages=installed(FRONTEND),
        NODE_OPTIONS=f"--import={setup}",
        TZ="UTC",
    )
