"""Recognitions with the official Speech SDK for Python, in a process of its own.

What each reported goes to stdout, as a JSON object of lists by the recognitions' names.
"""

import json
import sys
import threading
from pathlib import Path
from typing import Any

import azure.cognitiveservices.speech as sdk

SECONDS = 60


def recognize(host: str, wav: str, run: dict[str, str]) -> list[dict[str, Any]]:
    """The events of one recognition."""
    recognizer = make_recognizer(host, wav, run)
    events: list[dict[str, Any]] = []
    finished = threading.Event()

    def phrase(what: str) -> Any:
        return lambda event: events.append(
            {"what": what, "text": event.result.text, "reason": event.result.reason.name}
        )

    def canceled(event: Any) -> None:
        details = event.cancellation_details
        events.append(
            {"what": "canceled", "reason": details.reason.name, "error": details.code.name}
        )

    recognizer.recognizing.connect(phrase("recognizing"))
    recognizer.recognized.connect(phrase("recognized"))
    recognizer.canceled.connect(canceled)
    recognizer.session_stopped.connect(lambda _: finished.set())
    if run["how"] == "once":
        result = recognizer.recognize_once()
        events.append({"what": "result", "text": result.text, "reason": result.reason.name})
    else:
        recognizer.start_continuous_recognition()
        finished.wait(SECONDS)
        recognizer.stop_continuous_recognition()
    return events


def make_recognizer(host: str, wav: str, run: dict[str, str]) -> Any:
    """A recognizer of the file, or of its samples pushed."""
    key = run.get("key")
    config = sdk.SpeechConfig(host=host, subscription=key) if key else sdk.SpeechConfig(host=host)
    if "token" in run:
        config.authorization_token = run["token"]
    config.speech_recognition_language = run.get("language", "en-US")
    if run.get("format") == "detailed":
        config.output_format = sdk.OutputFormat.Detailed
    if run["how"] == "push":
        stream = sdk.audio.PushAudioInputStream()
        stream.write(Path(wav).read_bytes()[44:])
        stream.close()
        audio = sdk.audio.AudioConfig(stream=stream)
    else:
        audio = sdk.audio.AudioConfig(filename=wav)
    return sdk.SpeechRecognizer(config, audio)


if __name__ == "__main__":
    wanted = json.loads(sys.argv[1])
    results = {
        name: recognize(wanted["host"], wanted["wav"], run) for name, run in wanted["runs"].items()
    }
    print(json.dumps(results))
