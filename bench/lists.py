"""Lists messages: the newest page of a short and a long thread, and later pages of the long one."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from bench.client import UnexpectedResponse, follow_request, list_request, request_once
from bench.rounds import (
    Plan,
    Requests,
    Results,
    SystemUnderTest,
    build_requests,
    run_rounds,
    warm_up,
)

PAGE = 200
NEWEST_OF_SMALL, NEWEST, NEWEST_LARGE_PAGE = "newest 20 of 100", "newest 20", "newest 200"
SECOND, DEEP = "200, second page", "200, far down"
"""Later pages show whether the time of a query depends on the position."""


async def measure_lists(systems: Sequence[SystemUnderTest], plan: Plan) -> Results:
    """Measures every list with one client."""
    links = {system.server.name: await _read_all_pages(system, plan.history) for system in systems}
    cells: dict[str, Callable[[SystemUnderTest], Requests]] = {
        NEWEST_OF_SMALL: partial(_newest, size=20, small=True),
        NEWEST: partial(_newest, size=20),
        NEWEST_LARGE_PAGE: partial(_newest, size=PAGE),
        SECOND: lambda system: _follow(system, links[system.server.name][0]),
        DEEP: lambda system: _follow(system, _far_down(links[system.server.name])),
    }
    work = build_requests(systems, cells)
    for (name, server), requests in work.items():
        await _check_page(name, server, systems, requests)
    await warm_up(systems, work, 200)
    return await run_rounds(
        systems, work, rounds=plan.rounds, seconds=plan.list_seconds, expected=200
    )


def _newest(system: SystemUnderTest, size: int, small: bool = False) -> Requests:
    thread = system.data.small if small else system.data.large
    return [[list_request(system.server.port, thread.id, thread.tokens[0], size)]]


def _follow(system: SystemUnderTest, link: str) -> Requests:
    return [[follow_request(system.server.port, link, system.data.large.tokens[0])]]


def _far_down(links: list[str]) -> str:
    return links[len(links) * 9 // 10]


async def _read_all_pages(system: SystemUnderTest, history: int) -> list[str]:
    """Reads all pages of the long thread; returns the links from the second page on.

    Raises UnexpectedResponse unless each message is returned exactly once.
    """
    port, token = system.server.port, system.data.large.tokens[0]
    request = list_request(port, system.data.large.id, token, PAGE)
    seen: set[str] = set()
    links: list[str] = []
    read = 0
    while True:
        page: dict[str, Any] = json.loads(await request_once(port, request))
        seen.update(message["id"] for message in page["value"])
        read += len(page["value"])
        if "nextLink" not in page:
            break
        links.append(page["nextLink"])
        request = follow_request(port, links[-1], token)
    if read != len(seen) or read < history:
        found = f"{read} messages read, {len(seen)} different ones, of {history}"
        raise UnexpectedResponse(f"{system.server.name}: {found}")
    return links


async def _check_page(
    name: str, server: str, systems: Sequence[SystemUnderTest], requests: Requests
) -> None:
    """Raises UnexpectedResponse if the page is not full."""
    port = next(system.server.port for system in systems if system.server.name == server)
    page = json.loads(await request_once(port, requests[0][0]))
    size = PAGE if name in (NEWEST_LARGE_PAGE, SECOND, DEEP) else 20
    if len(page["value"]) != size:
        raise UnexpectedResponse(f"{server}, {name}: a page of {len(page['value'])} messages")
