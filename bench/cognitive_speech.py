"""`python -m bench.cognitive_speech [FOLDER]`: accuracy and latency of speech recognition.

FOLDER is the output of speech_voice.py; without it, a single sentence is used. Measures the word
error rate without and with noise, the latency of the first and last words in real time, and the
effect of four concurrent streams on the chat.
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
from bench.report import table
from bench.seed_data import SMALL_HISTORY, SeedData
from bench.servers import development_environment, free_ports, run_module, start_chatsite
from bench.speech_client import (
    BYTES_PER_SECOND,
    PAUSE,
    Speaker,
    Utterance,
    load,
    with_noise,
    word_errors,
    words,
)

SPEAKERS = 4
# Messages per second, and the seconds of each round.
PACE, ROUND_SECONDS, ROUNDS = 20, 12.0, 3


async def measure_words(
    port: int, token: str, utterances: Sequence[Utterance]
) -> tuple[float, int]:
    """The word error rate, and the number of sentences without errors."""
    speaker = await Speaker.open(port, token)
    wrong = total = right = 0
    for one in utterances:
        transcript = await speaker.speak(one.pcm + PAUSE, paced=False)
        said = words(one.text)
        mistakes = word_errors(said, words(transcript.text))
        wrong, total, right = wrong + mistakes, total + len(said), right + (mistakes == 0)
    await speaker.close()
    return wrong / total, right


async def measure_latency(
    port: int, token: str, utterances: Sequence[Utterance]
) -> tuple[list[float], list[float], float]:
    """Seconds to the first hypothesis and from the end to the text, and the word error rate."""
    speaker = await Speaker.open(port, token)
    firsts, lasts = [], []
    wrong = total = 0
    for one in utterances:
        started = time.monotonic()
        transcript = await speaker.speak(one.pcm + 2 * PAUSE, paced=True)
        ended = started + len(one.pcm) / BYTES_PER_SECOND
        times = transcript.hypotheses or [at for at, _ in transcript.phrases]
        if "TooManyRequests" in transcript.statuses or not transcript.phrases:
            raise SystemExit(f"A stream failed: {transcript.statuses}")
        firsts.append(times[0] - started)
        lasts.append(transcript.phrases[-1][0] - ended)
        said = words(one.text)
        wrong, total = wrong + word_errors(said, words(transcript.text)), total + len(said)
    await speaker.close()
    return firsts, lasts, wrong / total


async def send_paced(port: int, thread: str, token: str, seconds: float) -> list[float]:
    """The milliseconds of each send at a constant rate."""
    connection = await Connection.open(port)
    took = []
    started = time.monotonic()
    for number in range(int(seconds * PACE)):
        await asyncio.sleep(max(0.0, started + number / PACE - time.monotonic()))
        before = time.monotonic()
        status, _ = await connection.request(send_request(port, thread, token, f"message {number}"))
        if status != 201:
            raise SystemExit(f"A send failed with status {status}.")
        took.append((time.monotonic() - before) * 1000)
    connection.close()
    return took


async def measure_chat(port: int, data: SeedData, folder: Path | None) -> list[list[float]]:
    """The milliseconds of each send without and with four streams, measured alternately."""
    thread = data.busy[0]
    tokens = [data.busy[n].tokens[0] for n in range(SPEAKERS)]
    took: list[list[float]] = [[], []]
    await send_paced(port, thread.id, thread.tokens[0], 3)
    for _ in range(ROUNDS):
        took[0] += await send_paced(port, thread.id, thread.tokens[0], ROUND_SECONDS)
        # In a process of its own, so that the streams do not slow down the sends of this one.
        arguments = ["-m", "bench.cognitive_speech", "--talk", str(port)]
        streams = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            *([str(folder)] if folder else []),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert streams.stdin is not None and streams.stdout is not None
        streams.stdin.write(json.dumps(tokens).encode() + b"\n")
        await streams.stdout.readline()
        took[1] += await send_paced(port, thread.id, thread.tokens[0], ROUND_SECONDS)
        if await streams.wait():
            raise SystemExit("A stream failed.")
    return took


async def talk(port: int, utterances: Sequence[Utterance], tokens: Sequence[str]) -> None:
    """Streams audio with each token concurrently, for a little longer than a round."""
    audio = b"".join(one.pcm + PAUSE for one in utterances) * 20
    audio = audio[: int(ROUND_SECONDS + 2) * BYTES_PER_SECOND]
    speakers = [await Speaker.open(port, token) for token in tokens]
    tasks = [asyncio.create_task(speaker.speak(audio, paced=True)) for speaker in speakers]
    await asyncio.sleep(1)
    print("started", flush=True)
    for transcript in await asyncio.gather(*tasks):
        if transcript.statuses[-1] != "EndOfDictation":
            raise SystemExit(f"A stream failed: {transcript.statuses}")


def percentile(values: Sequence[float], share: float) -> float:
    """The percentile; `share` is from 0 to 1."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


Row = tuple[str, str, str, str]


async def word_rows(port: int, data: SeedData, folder: Path | None) -> list[Row]:
    """The rows about word errors."""
    utterances = load(folder)
    token, count = data.busy[0].tokens[0], len(utterances)
    clear, right = await measure_words(port, token, utterances)
    noisy = [Utterance(one.text, with_noise(one.pcm, 10)) for one in utterances]
    noisy_rate, noisy_right = await measure_words(port, token, noisy)
    return [
        ("word error rate", f"{clear:.3f}", f"{right} of {count} sentences correct", "<= 0.08"),
        ("with noise, 10 dB", f"{noisy_rate:.3f}", f"{noisy_right} of {count}", "<= 0.16"),
    ]


async def latency_rows(port: int, data: SeedData, folder: Path | None) -> list[Row]:
    """The rows about latency, for one and for several concurrent streams."""
    rows: list[Row] = []
    utterances = load(folder)[:8]
    for speakers, target in ((1, "< 1.5 s"), (SPEAKERS, "none fails")):
        tokens = [data.busy[n].tokens[0] for n in range(speakers)]
        found = await asyncio.gather(*(measure_latency(port, each, utterances) for each in tokens))
        firsts = [seconds for one in found for seconds in one[0]]
        lasts = [seconds for one in found for seconds in one[1]]
        wrong = sum(one[2] for one in found) / speakers
        headers = (f"{speakers} streams: first words", f"{speakers} streams: last words")
        for head, seconds in zip(headers, (firsts, lasts), strict=True):
            most = f"at most {max(seconds):.2f} s"
            rows.append((head, f"{median(seconds):.2f} s", most, target))
        rows.append((f"{speakers} streams: word error rate", f"{wrong:.3f}", "", ""))
    return rows


async def chat_rows(port: int, data: SeedData, folder: Path | None) -> list[Row]:
    """The rows about the effect on the chat."""
    alone, beside = await measure_chat(port, data, folder)
    rows: list[Row] = []
    for share, name in ((0.5, "p50"), (0.99, "p99")):
        before, after = percentile(alone, share), percentile(beside, share)
        times = f"{after / before:.2f} (<= 1.10)"
        rows.append((f"send, {name}", f"{after:.2f} ms", f"{before:.2f} ms without", times))
    return rows


PARTS = {"words": word_rows, "latency": latency_rows, "chat": chat_rows}


async def measure(port: int, data: SeedData, folder: Path | None, parts: Sequence[str]) -> None:
    """Prints the selected parts."""
    # The first stream starts the engine.
    await measure_words(port, data.busy[0].tokens[0], load(folder)[:1])
    rows = [row for part in parts for row in await PARTS[part](port, data, folder)]
    print(table(("speech", "measured", "", "target"), rows))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.cognitive_speech")
    parser.add_argument("folder", type=Path, nargs="?", help="the output of speech_voice.py")
    parser.add_argument("--port", type=int, help="the first of two ports (default: free ones)")
    parser.add_argument("--only", choices=PARTS, help="only this part")
    parser.add_argument("--talk", type=int, metavar="PORT", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    parts = [arguments.only] if arguments.only else list(PARTS)
    if arguments.talk:
        tokens = json.loads(sys.stdin.readline())
        asyncio.run(talk(arguments.talk, load(arguments.folder), tokens))
        return
    ports = free_ports(2, arguments.port)
    with tempfile.TemporaryDirectory(prefix="chatsite-bench-") as folder:
        environment = development_environment(Path(folder) / "chatsite", *ports)
        data = SeedData.from_json(run_module("bench.seed", environment, str(SMALL_HISTORY)))
        print("... measuring", file=sys.stderr, flush=True)
        # On all cores, because the engine runs in another process.
        with start_chatsite(Path(folder), ports[0], None, environment):
            asyncio.run(measure(ports[0], data, arguments.folder, parts))


if __name__ == "__main__":
    main()
