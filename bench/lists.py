"""Lists: the newest page of a short and of a long thread, and further pages of the long one."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from bench.client import UnexpectedAnswer, ask_once, follow_request, list_request
from bench.rounds import Plan, Requests, Results, Stand, build_requests, run_rounds, warm_up

PAGE = 200
NEWEST_OF_SMALL, NEWEST, NEWEST_LARGE_PAGE = "newest 20 of 100", "newest 20", "newest 200"
SECOND, DEEP = "200, second page", "200, far down"
"""The further down a page is, the less is left below it, which a bad plan may depend on."""


async def measure_lists(stands: Sequence[Stand], plan: Plan) -> Results:
    """Every list, with one client."""
    links = {stand.server.name: await _walk(stand, plan.history) for stand in stands}
    cells: dict[str, Callable[[Stand], Requests]] = {
        NEWEST_OF_SMALL: partial(_newest, size=20, small=True),
        NEWEST: partial(_newest, size=20),
        NEWEST_LARGE_PAGE: partial(_newest, size=PAGE),
        SECOND: lambda stand: _follow(stand, links[stand.server.name][0]),
        DEEP: lambda stand: _follow(stand, _far_down(links[stand.server.name])),
    }
    work = build_requests(stands, cells)
    for (name, server), requests in work.items():
        await _check_page(name, server, stands, requests)
    await warm_up(stands, work, 200)
    return await run_rounds(
        stands, work, rounds=plan.rounds, seconds=plan.list_seconds, expected=200
    )


def _newest(stand: Stand, size: int, small: bool = False) -> Requests:
    thread = stand.crowd.small if small else stand.crowd.large
    return [[list_request(stand.server.port, thread.id, thread.tokens[0], size)]]


def _follow(stand: Stand, link: str) -> Requests:
    return [[follow_request(stand.server.port, link, stand.crowd.large.tokens[0])]]


def _far_down(links: list[str]) -> str:
    return links[len(links) * 9 // 10]


async def _walk(stand: Stand, history: int) -> list[str]:
    """Reads the long thread to its end; returns the links to its pages from the second one on.

    Raises UnexpectedAnswer unless each message came exactly once.
    """
    port, token = stand.server.port, stand.crowd.large.tokens[0]
    request = list_request(port, stand.crowd.large.id, token, PAGE)
    seen: set[str] = set()
    links: list[str] = []
    read = 0
    while True:
        page: dict[str, Any] = json.loads(await ask_once(port, request))
        seen.update(message["id"] for message in page["value"])
        read += len(page["value"])
        if "nextLink" not in page:
            break
        links.append(page["nextLink"])
        request = follow_request(port, links[-1], token)
    if read != len(seen) or read < history:
        found = f"{read} messages read, {len(seen)} different ones, of {history}"
        raise UnexpectedAnswer(f"{stand.server.name}: {found}")
    return links


async def _check_page(name: str, server: str, stands: Sequence[Stand], requests: Requests) -> None:
    """Refuses to time a page that is not full."""
    port = next(stand.server.port for stand in stands if stand.server.name == server)
    page = json.loads(await ask_once(port, requests[0][0]))
    size = PAGE if name in (NEWEST_LARGE_PAGE, SECOND, DEEP) else 20
    if len(page["value"]) != size:
        raise UnexpectedAnswer(f"{server}, {name}: a page of {len(page['value'])} messages")
