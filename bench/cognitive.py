"""`python -m bench --only cognitive`: translation, detection, and their effect on the chat.

Measures a chatsite with the engines of `make cognitive` over http, on all cores. The sentences are
from tests/cognitive/everyday.json and from Django's translations.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.chrf import chrf
from bench.client import (
    API_VERSION,
    Connection,
    UnexpectedResponse,
    build_request,
    messages_path,
    request_once,
    run_closed_loop,
    send_request,
)
from bench.report import Target, table
from bench.sample_texts import LANGUAGES, beginnings
from bench.seed_data import SMALL_HISTORY, SeedData, Thread
from bench.servers import development_environment, run_module, start_chatsite

SENTENCES = Path(__file__).resolve().parent.parent / "tests" / "cognitive" / "everyday.json"
# Language pairs, with the minimum chrF.
DIRECTIONS = {("en", "es"): 55, ("es", "en"): 55, ("en", "fr"): 48, ("fr", "en"): 46}
READERS = 4
# Messages per second, and the seconds of each round without and with readers.
PACE, ROUND_SECONDS, ROUNDS = 20, 8.0, 3


@dataclass
class Direction:
    """The results of a language pair: seconds of each response, computed and from the cache."""

    score: float
    empty: int
    computed: list[float]
    cached: list[float]


def percentile(seconds: Sequence[float], percent: float) -> float:
    """The percentile in milliseconds."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000


def run(*, quick: bool, ports: Sequence[int]) -> list[Target]:
    """Prints three tables; returns the targets. Raises UnexpectedResponse without an engine."""
    with tempfile.TemporaryDirectory(prefix="chatsite-bench-") as name:
        folder = Path(name)
        environment = development_environment(folder / "chatsite", *ports)
        environment["CHATSITE_COGNITIVE_REQUESTS"] = "1000000"
        data = SeedData.from_json(run_module("bench.seed", environment, str(SMALL_HISTORY)))
        with start_chatsite(folder, ports[0], None, environment) as server:
            directions = asyncio.run(_translations(server.port, data.busy[0]))
            print(_translation_table(directions), end="\n\n")
            detection = _detection(quick)
            print(_detection_table(detection), end="\n\n")
            sends = asyncio.run(_chat(server.port, data, 1 if quick else ROUNDS))
            print(_chat_table(sends), end="\n\n")
    return [
        *_translation_targets(directions),
        *_detection_targets(detection),
        *_chat_targets(sends),
    ]


# --- Translation ----------------------------------------------------------------------------------


def _everyday() -> list[dict[str, str]]:
    return list(json.loads(SENTENCES.read_text())["sentences"])


async def _translations(port: int, thread: Thread) -> dict[tuple[str, str], Direction]:
    sentences = _everyday()
    found = {}
    for source, target in DIRECTIONS:
        direction = Direction(0, 0, [], [])
        texts = []
        for sentence in sentences:
            request = await _translate_request(port, thread, sentence[source], source, target)
            for seconds in (direction.computed, direction.cached):
                started = time.perf_counter()
                response = json.loads(await request_once(port, request))
                seconds.append(time.perf_counter() - started)
            texts.append(response["translations"][0]["text"])
        direction.score = chrf(texts, [sentence[target] for sentence in sentences])
        direction.empty = sum(not text.strip() for text in texts)
        found[source, target] = direction
    return found


async def _translate_request(
    port: int, thread: Thread, text: str, source: str, target: str
) -> bytes:
    """Sends a message, and returns the request that translates it."""
    token = thread.tokens[0]
    sent = json.loads(await request_once(port, send_request(port, thread.id, token, text), 201))
    path = f"{messages_path(thread.id)}/{sent['id']}:translate?api-version={API_VERSION}"
    body = {"from": source, "to": [target]}
    return build_request(port, "POST", path, token=token, body=body)


def _translation_table(directions: dict[tuple[str, str], Direction]) -> str:
    headers = ["translation", "chrF", "empty", "p50 ms", "p95 ms", "cached p50 ms", "cached p95 ms"]
    rows = [
        [
            f"{source} to {target}",
            f"{one.score:.1f}",
            str(one.empty),
            *(f"{percentile(one.computed, share):.0f}" for share in (50, 95)),
            *(f"{percentile(one.cached, share):.1f}" for share in (50, 95)),
        ]
        for (source, target), one in directions.items()
    ]
    return table(headers, rows)


def _translation_targets(directions: dict[tuple[str, str], Direction]) -> list[Target]:
    targets = [
        Target(
            f"{source} to {target}: chrF at least {DIRECTIONS[source, target]}, none empty",
            f"{one.score:.1f}",
            one.score >= DIRECTIONS[source, target] and not one.empty,
        )
        for (source, target), one in directions.items()
    ]
    computed = max(percentile(one.computed, 95) for one in directions.values())
    cached = max(percentile(one.cached, 95) for one in directions.values())
    return [
        *targets,
        Target("translation: p95 below 500 ms", f"{computed:.0f} ms", computed < 500),
        Target("translation, cached: p95 below 20 ms", f"{cached:.1f} ms", cached < 20),
    ]


# --- Detection ------------------------------------------------------------------------------------


def _detection(quick: bool) -> dict[str, tuple[int, int, float]]:
    """Correct results, number of texts, and seconds per text, by kind of text."""
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    from cognitive.providers.py3langid import Py3langid

    def texts_of(words: int) -> list[tuple[str, str]]:
        count = 30 if quick else 100
        return [(one, text) for one in LANGUAGES for text in beginnings(one, words, count)]

    everyday = [(one, sentence[one]) for sentence in _everyday() for one in ("en", "es", "fr")]
    material = {"4 words": texts_of(4), "8 words": texts_of(8), "everyday chat": everyday}
    detector = Py3langid()
    detector.detect("to load the model")
    found = {}
    for kind, texts in material.items():
        started = time.perf_counter()
        right = sum(detector.detect(text).language == language for language, text in texts)
        found[kind] = (right, len(texts), (time.perf_counter() - started) / len(texts))
    return found


def _detection_table(found: dict[str, tuple[int, int, float]]) -> str:
    rows = [
        [kind, f"{right / count:.3f}", f"{count:,}", f"{seconds * 1000:.2f}"]
        for kind, (right, count, seconds) in found.items()
    ]
    return table(["detection", "correct", "of", "ms"], rows)


def _detection_targets(found: dict[str, tuple[int, int, float]]) -> list[Target]:
    least = {"4 words": 0.95, "everyday chat": 0.92}
    return [
        Target(
            f"detection, {kind}: at least {share}",
            f"{found[kind][0] / found[kind][1]:.3f}",
            found[kind][0] >= share * found[kind][1],
        )
        for kind, share in least.items()
    ]


# --- Effect on the chat ---------------------------------------------------------------------------


@dataclass
class SendTimes:
    """Seconds of each send without and with concurrent translations, and their rate."""

    alone: list[float]
    busy: list[float]
    ratios: list[float]
    translations: float


async def _chat(port: int, data: SeedData, rounds: int) -> SendTimes:
    """Sends at a constant rate, alternately without and with readers; nothing is cached."""
    thread = await _uncached_thread(port, data.busy[1])
    asked = [
        await _translate_request(port, thread, sentence["en"], "en", "es")
        for sentence in _everyday()[:READERS]
    ]
    await _paced(port, data.busy[2], 1.0)
    found = SendTimes([], [], [], 0.0)
    for _ in range(rounds):
        alone = await _paced(port, data.busy[2], ROUND_SECONDS)
        readers = asyncio.create_task(
            run_closed_loop(port, [[one] for one in asked], 200, ROUND_SECONDS + 1)
        )
        await asyncio.sleep(0.5)
        busy = await _paced(port, data.busy[2], ROUND_SECONDS)
        found.translations += (await readers).rate / rounds
        found.alone += alone
        found.busy += busy
        found.ratios.append(median(busy) / median(alone))
    return found


async def _uncached_thread(port: int, like: Thread) -> Thread:
    body = {"topic": "Not cached", "metadata": {"chatsite.cognitive": "off"}}
    # The first version in which threads have metadata.
    path = "/chat/threads?api-version=2025-03-15"
    request = build_request(port, "POST", path, token=like.tokens[0], body=body)
    made = json.loads(await request_once(port, request, 201))
    return Thread(made["chatThread"]["id"], like.tokens[:1])


async def _paced(port: int, thread: Thread, seconds: float) -> list[float]:
    """The seconds of each send at `PACE` sends per second."""
    connection = await Connection.open(port)
    request = send_request(port, thread.id, thread.tokens[0], "Lunch at noon?")
    taken = []
    try:
        began = time.perf_counter()
        for number in range(int(seconds * PACE)):
            await asyncio.sleep(max(0.0, began + number / PACE - time.perf_counter()))
            started = time.perf_counter()
            status, body = await connection.request(request)
            taken.append(time.perf_counter() - started)
            if status != 201:
                raise UnexpectedResponse(f"{status} instead of 201: {body[:300]!r}")
    finally:
        connection.close()
    return taken


def _chat_table(found: SendTimes) -> str:
    rows = [
        [title, *(f"{percentile(seconds, share):.2f}" for share in (50, 99)), rate]
        for title, seconds, rate in (
            ("alone", found.alone, ""),
            (f"{READERS} readers translate", found.busy, f"{found.translations:.1f}"),
        )
    ]
    headers = [f"{PACE} sends/s", "p50 ms", "p99 ms", "translations/s"]
    return table(headers, rows)


def _chat_targets(found: SendTimes) -> list[Target]:
    p99_ratio = percentile(found.busy, 99) / percentile(found.alone, 99)
    return [
        Target(
            f"send while {READERS} readers translate: p50 within 10 %",
            f"x {median(found.ratios):.2f} (p99 x {p99_ratio:.2f})",
            median(found.ratios) <= 1.1,
        )
    ]
