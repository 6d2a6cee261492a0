"""The house rule: a room imports only rooms on floors below its own."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
FLOORS = {
    "wire": 0,
    "admin_toolkit": 1,
    "asgi_server": 1,
    "background": 1,
    "identity": 2,
    "events": 3,
    "threads": 4,
    "webhooks": 4,
    "messaging": 5,
    "people": 5,
    "live": 6,
    "cognitive": 6,
    "monitoring": 7,
    "azure_management": 8,
    "chatsite": 9,
}


def rooms_imported_by(file: Path) -> Iterator[str]:
    """Rooms named by imports, and by texts that are dotted paths of something to import."""
    dotted_path = re.compile(rf"({'|'.join(FLOORS)})\.[a-z_]+(\.[A-Za-z_]+)+")
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if found := dotted_path.fullmatch(node.value):
                yield found[1]
    yield from packages_imported_by(file)


def packages_imported_by(file: Path) -> Iterator[str]:
    """The top-level packages that a file imports anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def test_rooms_import_only_downward() -> None:
    # Tests look at the house from outside, so theirs are free.
    modules = [
        (room, file)
        for room in FLOORS
        for file in sorted((CHECKOUT / room).rglob("*.py"))
        if "tests" not in file.relative_to(CHECKOUT).parts
    ]
    upward = [
        f"{file.relative_to(CHECKOUT)} imports {other}"
        for room, file in modules
        for other in rooms_imported_by(file)
        if other != room and FLOORS.get(other, -1) >= FLOORS[room]
    ]
    assert len(modules) > len(FLOORS)
    assert upward == []


def test_only_asgi_server_imports_the_libraries_of_the_server() -> None:
    libraries = {"autobahn", "daphne", "twisted", "OpenSSL"}
    users = {
        file.relative_to(CHECKOUT).parts[0]
        for room in FLOORS
        for file in (CHECKOUT / room).rglob("*.py")
        if "tests" not in file.relative_to(CHECKOUT).parts
        and libraries & set(packages_imported_by(file))
    }
    assert users == {"asgi_server"}


def test_what_is_installed_with_a_server_imports_no_tests() -> None:
    importers = {
        str(file.relative_to(CHECKOUT))
        for package in (*FLOORS, "load_testing")
        for file in (CHECKOUT / package).rglob("*.py")
        if "tests" not in file.relative_to(CHECKOUT).parts and "tests" in packages_imported_by(file)
    }
    assert importers == set()


def test_every_package_of_the_checkout_has_a_floor() -> None:
    packages = {file.parent.name for file in CHECKOUT.glob("*/__init__.py")}
    assert packages - set(FLOORS) == {"bench", "load_testing", "tests", "tools"}
