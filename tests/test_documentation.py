"""The documentation is complete, agrees with the code, and its links work."""

import ast
import re
from pathlib import Path

import pytest
from azure.ai.textanalytics import TextAnalyticsClient
from azure.communication.chat import ChatClient, ChatThreadClient
from azure.communication.identity import CommunicationIdentityClient

from chatsite import environment, settings
from monitoring.catalogue import METRICS
from tests.test_floors import FLOORS
from wire.limits import OPEN

CHECKOUT = Path(__file__).resolve().parent.parent
CONFIGURATION = CHECKOUT / "docs" / "configuration.md"
COMPATIBILITY = CHECKOUT / "docs" / "compatibility.md"
PROTOCOL = CHECKOUT / "docs" / "protocol"
ARCHITECTURE = CHECKOUT / "docs" / "architecture.md"
CONTRIBUTING = CHECKOUT / "CONTRIBUTING.md"
PAGES = [*CHECKOUT.glob("*.md"), *CHECKOUT.glob("docs/**/*.md")]

# Django's own settings that hold dotted paths of ours.
_DJANGO_SETTINGS = {
    "ASGI_APPLICATION",
    "INSTALLED_APPS",
    "MIDDLEWARE",
    "ROOT_URLCONF",
    "STORAGES",
}

# What a table cell names in backquotes: a variable, or a test as path::name.
_SETTING = re.compile(r"^\| `([A-Z][A-Z0-9_]+)` \|", re.MULTILINE)
_TEST = re.compile(r"`([\w./-]+\.(?:py|mjs))::([^`]+)`")
# A page of the protocol and its sections, as docstrings and comments cite them.
_CITATION = re.compile(r"(\w+) contract (\d+(?:\.\d+)?(?:(?:, | and )\d+(?:\.\d+)?)*)")
_SECTION = re.compile(r"^##+ (\d+(?:\.\d+)?)\.? ", re.MULTILINE)


def documented_settings() -> set[str]:
    return set(_SETTING.findall(CONFIGURATION.read_text()))


def settings_in_code() -> set[str]:
    """What the settings read, and what commands and scripts mention beside that."""
    sources = [*CHECKOUT.glob("*/**/*.py"), CHECKOUT / "Makefile", *CHECKOUT.glob(".ci/*")]
    rooms = [f for f in sources if not {"tests", "bench", ".venv", "var"} & set(f.parts)]
    mentioned = re.findall(r'"(CHATSITE_ADMIN_[A-Z]+)"', "\n".join(f.read_text() for f in rooms))
    return environment.NAMES | set(mentioned)


def test_every_setting_is_in_the_configuration_page() -> None:
    names = {name for name in settings_in_code() if not name.startswith("CHATSITE_TEST_")}
    assert len(names) > 20
    assert names - documented_settings() == set()


def test_the_configuration_page_names_no_setting_that_does_not_exist() -> None:
    assert documented_settings() - settings_in_code() == set()


def test_every_default_in_the_configuration_page_is_the_real_one() -> None:
    page = CONFIGURATION.read_text()
    documented = dict(re.findall(r"^\| `CHATSITE_LIMIT_([A-Z_]+)` \| (\d+) \|", page, re.MULTILINE))
    actual = {name.upper(): str(value) for name, value in vars(OPEN).items()}
    assert documented == actual


@pytest.mark.parametrize(
    "client",
    [ChatClient, ChatThreadClient, CommunicationIdentityClient, TextAnalyticsClient],
    ids=lambda c: c.__name__,
)
def test_every_operation_of_the_sdk_is_in_the_compatibility_page(client: type) -> None:
    public = {n for n, member in vars(client).items() if callable(member) and n[0] != "_"}
    operations = public - {"close", "from_connection_string", "get_chat_thread_client"}
    documented = set(re.findall(r"`(?:\w+\.)?(\w+)`", COMPATIBILITY.read_text()))
    assert len(operations) >= 3
    assert operations - documented == set()


def test_every_test_that_the_compatibility_page_names_exists() -> None:
    named = _TEST.findall(COMPATIBILITY.read_text())
    assert len(named) > 20
    missing = [f"{file}::{name}" for file, name in named if not _exists(CHECKOUT / file, name)]
    assert missing == []


def test_every_metric_is_in_the_monitoring_page() -> None:
    page = (CHECKOUT / "docs" / "monitoring.md").read_text()
    assert {name for name in METRICS if f"`{name}`" not in page} == set()


def test_the_architecture_page_has_every_room_on_its_floor() -> None:
    rows = re.findall(r"^\| (\d) \| `(\w+)/` \|", ARCHITECTURE.read_text(), re.MULTILINE)
    assert {room: int(floor) for floor, room in rows} == FLOORS


def tables_of_dotted_paths() -> set[str]:
    """The settings of ours that name functions, classes or lists in the rooms."""
    path = re.compile(rf"'(?:{'|'.join(FLOORS)})\.[a-z_]+\.[A-Za-z_.]+'")
    named = {name for name, value in vars(settings).items() if path.search(repr(value))}
    return {name for name in named if name.isupper() and name not in _DJANGO_SETTINGS}


@pytest.mark.parametrize("page", [ARCHITECTURE, CONTRIBUTING], ids=lambda page: page.stem)
def test_every_table_of_dotted_paths_is_described(page: Path) -> None:
    tables = tables_of_dotted_paths()
    assert len(tables) > 8
    assert tables == set(re.findall(r"^\| `([A-Z_]+)` \|", page.read_text(), re.MULTILINE))


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    prose = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", prose)
    for link in (first or second for first, second in links):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


def cited_sections() -> dict[tuple[str, str], str]:
    """Page and section of each citation in the code, and a file that has it."""
    cited = {}
    for file in CHECKOUT.glob("*/**/*.py"):
        place = file.relative_to(CHECKOUT)
        if {".venv", "var", "node_modules"} & set(place.parts):
            continue
        # Citations may go on in the next line, of a comment as well.
        text = re.sub(r"\s+(?:#\s+)?", " ", file.read_text())
        for name, sections in _CITATION.findall(text):
            for section in re.split(r", | and ", sections):
                cited[f"{name.lower()}.md", section] = str(place)
    return cited


def test_every_section_of_the_protocol_that_the_code_cites_exists() -> None:
    headings = {
        (page.name, section)
        for page in PROTOCOL.glob("*.md")
        for section in _SECTION.findall(page.read_text())
    }
    cited = cited_sections()
    assert len(cited) > 25
    assert {place: file for place, file in cited.items() if place not in headings} == {}


def _exists(file: Path, name: str) -> bool:
    if not file.is_file():
        return False
    if file.suffix == ".mjs":
        return name in file.read_text()
    tree = ast.parse(file.read_text())
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return any(isinstance(n, functions) and n.name == name for n in ast.walk(tree))
