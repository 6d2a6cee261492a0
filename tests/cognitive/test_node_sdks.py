"""The JavaScript SDKs of Translator and Language, unmodified, in Node: one test per file."""

from pathlib import Path

import pytest

from tests.cognitive.conftest import UserToken
from tests.sdk.nodejs import run_tests
from tests.server import Server

pytestmark = [pytest.mark.cognitive, pytest.mark.sdk, pytest.mark.usefixtures("text_engines")]


@pytest.mark.parametrize("file", ["translator.test.mjs", "language.test.mjs"])
def test_the_javascript_sdks_do_everything(
    file: str, server: Server, access_key: str, user: UserToken, node: Path, packages: Path
) -> None:
    run_tests(
        file,
        node=node,
        packages=packages,
        CHATSITE_ENDPOINT=server.https_url,
        CHATSITE_HTTP_ENDPOINT=server.http_url.replace("localhost", "127.0.0.1"),
        CHATSITE_ACCESS_KEY=access_key,
        CHATSITE_USER_TOKEN=user.token,
        NODE_EXTRA_CA_CERTS=str(server.ca_file),
    )
