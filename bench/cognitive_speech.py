"""`python -m bench.cognitive_speech [FOLDER]`: how well and how fast speech becomes text.

FOLDER is what speech_voice.py wrote; without it there is one sentence only. Measured are the words
that are wrong, in silence and in noise; how soon the first and the last words are there at the pace
of speech; and what four people who dictate cost those who chat.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench.client import Connection, send_request
from bench.crowd import SMALL_HISTORY, Crowd
from bench.report import table
from bench.servers import chatsite_environment, free_ports, run_module, start_chatsite
from bench.speech_client import (
    BYTES_PER_SECOND,
    PAUSE,
    Speaker,
    Spoken,
    load,
    with_noise,
    words,
    wrong_words,
)

SPEAKERS = 4
# Chat beside it: messages a second, and seconds of each round.
PACE, ROUND_SECONDS, ROUNDS = 20, 12.0, 3


async def measure_words(port: int, token: str, spoken: Sequence[Spoken]) -> tuple[float, int]:
    """The share of wrong words, and how many sentences are right."""
    speaker = await Speaker.open(port, token)
    wrong = total = right = 0
    for one in spoken:
        heard = await speaker.speak(one.pcm + PAUSE, paced=False)
        said = words(one.text)
        mistakes = wrong_words(said, words(heard.text))
        wrong, total, right = wrong + mistakes, total + len(said), right + (mistakes == 0)
    await speaker.close()
    return wrong / total, right


async def measure_waits(
    port: int, token: str, spoken: Sequence[Spoken]
) -> tuple[list[float], list[float], float]:
    """Seconds to the first hypothesis, from the end of a sentence to its text; and wrong words."""
    speaker = await Speaker.open(port, token)
    firsts, lasts = [], []
    wrong = total = 0
    for one in spoken:
        started = time.monotonic()
        heard = await speaker.speak(one.pcm + 2 * PAUSE, paced=True)
        ended = started + len(one.pcm) / BYTES_PER_SECOND
        times = heard.hypotheses or [at for at, _ in heard.phrases]
        if "TooManyRequests" in heard.statuses or not heard.phrases:
            raise SystemExit(f"A stream was dropped: {heard.statuses}")
        firsts.append(times[0] - started)
        lasts.append(heard.phrases[-1][0] - ended)
        said = words(one.text)
        wrong, total = wrong + wrong_words(said, words(heard.text)), total + len(said)
    await speaker.close()
    return firsts, lasts, wrong / total


async def send_paced(port: int, thread: str, token: str, seconds: float) -> list[float]:
    """Milliseconds that each message took, sent at an even pace."""
    connection = await Connection.open(port)
    took = []
    started = time.monotonic()
    for number in range(int(seconds * PACE)):
        await asyncio.sleep(max(0.0, started + number / PACE - time.monotonic()))
        before = time.monotonic()
        status, _ = await connection.ask(send_request(port, thread, token, f"message {number}"))
        if status != 201:
            raise SystemExit(f"A message was answered with {status}")
        took.append((time.monotonic() - before) * 1000)
    connection.close()
    return took


async def measure_chat(port: int, crowd: Crowd, folder: Path | None) -> list[list[float]]:
    """What messages take in silence and while four dictate, in turns: two lists."""
    thread = crowd.busy[0]
    tokens = [crowd.busy[n].tokens[0] for n in range(SPEAKERS)]
    took: list[list[float]] = [[], []]
    await send_paced(port, thread.id, thread.tokens[0], 3)
    for _ in range(ROUNDS):
        took[0] += await send_paced(port, thread.id, thread.tokens[0], ROUND_SECONDS)
        # In a process of its own, so that nobody who sends waits for somebody who speaks.
        arguments = ["-m", "bench.cognitive_speech", "--talk", str(port)]
        talkers = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            *([str(folder)] if folder else []),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert talkers.stdin is not None and talkers.stdout is not None
        talkers.stdin.write(json.dumps(tokens).encode() + b"\n")
        await talkers.stdout.readline()
        took[1] += await send_paced(port, thread.id, thread.tokens[0], ROUND_SECONDS)
        if await talkers.wait():
            raise SystemExit("A stream was dropped.")
    return took


async def talk(port: int, spoken: Sequence[Spoken], tokens: Sequence[str]) -> None:
    """Speaks with each token at a time, for a round and a little more."""
    sound = b"".join(one.pcm + PAUSE for one in spoken) * 20
    sound = sound[: int(ROUND_SECONDS + 2) * BYTES_PER_SECOND]
    speakers = [await Speaker.open(port, token) for token in tokens]
    talking = [asyncio.create_task(speaker.speak(sound, paced=True)) for speaker in speakers]
    await asyncio.sleep(1)
    print("speaking", flush=True)
    for heard in await asyncio.gather(*talking):
        if heard.statuses[-1] != "EndOfDictation":
            raise SystemExit(f"A stream was dropped: {heard.statuses}")


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which so many of them are."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


Row = tuple[str, str, str, str]


async def word_rows(port: int, crowd: Crowd, folder: Path | None) -> list[Row]:
    """How many words are wrong."""
    spoken = load(folder)
    token, count = crowd.busy[0].tokens[0], len(spoken)
    clear, right = await measure_words(port, token, spoken)
    noisy = [Spoken(one.text, with_noise(one.pcm, 10)) for one in spoken]
    noisy_rate, noisy_right = await measure_words(port, token, noisy)
    return [
        ("words wrong", f"{clear:.3f}", f"{right} of {count} sentences right", "<= 0.08"),
        ("with noise, 10 dB", f"{noisy_rate:.3f}", f"{noisy_right} of {count}", "<= 0.16"),
    ]


async def wait_rows(port: int, crowd: Crowd, folder: Path | None) -> list[Row]:
    """How soon the words come: to one, and to several who speak at a time."""
    rows: list[Row] = []
    spoken = load(folder)[:8]
    for speakers, target in ((1, "< 1.5 s"), (SPEAKERS, "no drop")):
        tokens = [crowd.busy[n].tokens[0] for n in range(speakers)]
        found = await asyncio.gather(*(measure_waits(port, each, spoken) for each in tokens))
        firsts = [seconds for one in found for seconds in one[0]]
        lasts = [seconds for one in found for seconds in one[1]]
        wrong = sum(one[2] for one in found) / speakers
        heads = (f"{speakers} speaking: first words", f"{speakers} speaking: last words")
        for head, seconds in zip(heads, (firsts, lasts), strict=True):
            most = f"at most {max(seconds):.2f} s"
            rows.append((head, f"{median(seconds):.2f} s", most, target))
        rows.append((f"{speakers} speaking: words wrong", f"{wrong:.3f}", "", ""))
    return rows


async def chat_rows(port: int, crowd: Crowd, folder: Path | None) -> list[Row]:
    """What messages take meanwhile."""
    alone, beside = await measure_chat(port, crowd, folder)
    rows: list[Row] = []
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        before, after = percentile(alone, share), percentile(beside, share)
        times = f"{after / before:.2f} (<= 1.10)"
        rows.append((f"a message, {name}", f"{after:.2f} ms", f"{before:.2f} ms without", times))
    return rows


PARTS = {"words": word_rows, "waits": wait_rows, "chat": chat_rows}


async def measure(port: int, crowd: Crowd, folder: Path | None, parts: Sequence[str]) -> None:
    """Prints the parts."""
    # The first stream starts the engine.
    await measure_words(port, crowd.busy[0].tokens[0], load(folder)[:1])
    rows = [row for part in parts for row in await PARTS[part](port, crowd, folder)]
    print(table(("speech", "measured", "", "target"), rows))


def main() -> None:
    """Starts a server in a temporary folder and measures it."""
    parser = argparse.ArgumentParser(prog="python -m bench.cognitive_speech")
    parser.add_argument("folder", type=Path, nargs="?", help="what speech_voice.py wrote")
    parser.add_argument("--port", type=int, help="the first of two ports (default: free ones)")
    parser.add_argument("--only", choices=PARTS, help="one of the parts")
    parser.add_argument("--talk", type=int, metavar="PORT", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    parts = [arguments.only] if arguments.only else list(PARTS)
    if arguments.talk:
        tokens = json.loads(sys.stdin.readline())
        asyncio.run(talk(arguments.talk, load(arguments.folder), tokens))
        return
    ports = free_ports(2, arguments.port)
    with tempfile.TemporaryDirectory(prefix="chatsite-bench-") as folder:
        environment = chatsite_environment(Path(folder) / "chatsite", *ports)
        crowd = Crowd.from_json(run_module("bench.seed", environment, str(SMALL_HISTORY)))
        print("... speaking", file=sys.stderr, flush=True)
        # On all cores, as the engine beside it.
        with start_chatsite(Path(folder), ports[0], None, environment):
            asyncio.run(measure(ports[0], crowd, arguments.folder, parts))


if __name__ == "__main__":
    main()
