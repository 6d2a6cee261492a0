"""Azure Speech, through its REST API for short audio (cognitive contract 6.4)."""

import struct
from math import ceil
from urllib.parse import urlencode

from django.conf import settings

from cognitive.abilities import EngineUnavailable, Recognition
from cognitive.breaker import CircuitBreaker
from cognitive.http import request_json
from cognitive.languages import base
from cognitive.speech.segments import PhraseRecognition

_PATH = "speech/recognition/conversation/cognitiveservices/v1"
# A request contains a whole phrase, which may be twenty seconds long.
_SECONDS = 10.0
# Azure requires a region; the default for clients that send none.
_REGIONS = {
    "ar": "ar-EG",
    "cs": "cs-CZ",
    "da": "da-DK",
    "de": "de-DE",
    "el": "el-GR",
    "en": "en-US",
    "es": "es-ES",
    "fi": "fi-FI",
    "fr": "fr-FR",
    "he": "he-IL",
    "hi": "hi-IN",
    "hu": "hu-HU",
    "id": "id-ID",
    "it": "it-IT",
    "ja": "ja-JP",
    "ko": "ko-KR",
    "nb": "nb-NO",
    "nl": "nl-NL",
    "pl": "pl-PL",
    "pt": "pt-BR",
    "ro": "ro-RO",
    "ru": "ru-RU",
    "sv": "sv-SE",
    "th": "th-TH",
    "tr": "tr-TR",
    "uk": "uk-UA",
    "vi": "vi-VN",
    "zh": "zh-CN",
}


class AzureSpeech:
    """Sends each phrase to Azure when it is complete."""

    name = "azure"
    version = "v1"
    languages = frozenset(_REGIONS)

    def __init__(self) -> None:
        self._url = settings.CHATSITE_COGNITIVE_AZURE_SPEECH_URL.rstrip("/")
        self._key = settings.CHATSITE_COGNITIVE_AZURE_SPEECH_KEY
        if not self._url:
            raise EngineUnavailable("CHATSITE_COGNITIVE_AZURE_SPEECH_URL is not set.")
        self._breaker = CircuitBreaker()

    def open(self, language: str, rate_hz: int) -> Recognition:
        """Starts a stream. Raises EngineUnavailable while the circuit breaker is open."""
        wait_s = self._breaker.seconds_until_retry()
        if wait_s:
            raise EngineUnavailable(
                "Azure Speech is skipped for a while after several failures.",
                retry_after_s=ceil(wait_s),
            )
        code = language if "-" in language else _REGIONS[base(language)]
        return PhraseRecognition(lambda pcm: self._transcribe(pcm, code, rate_hz))

    def _transcribe(self, pcm: bytes, language: str, rate_hz: int) -> str:
        query = urlencode({"language": language, "format": "simple", "profanity": "raw"})
        headers = {
            "Content-Type": f"audio/wav; codecs=audio/pcm; samplerate={rate_hz}",
            "Ocp-Apim-Subscription-Key": self._key,
        }
        try:
            answer = request_json(
                "Azure Speech",
                "POST",
                f"{self._url}/{_PATH}?{query}",
                body=_wav(pcm, rate_hz),
                headers=headers,
                seconds=_SECONDS,
            )
            text = _text(answer)
        except EngineUnavailable:
            self._breaker.record_failure()
            raise
        self._breaker.record_success()
        return text


def _text(answer: object) -> str:
    """The transcript, "" if there is no speech. Raises EngineUnavailable."""
    if isinstance(answer, dict):
        status, text = answer.get("RecognitionStatus"), answer.get("DisplayText")
        if status == "Success" and isinstance(text, str):
            return text
        if status in ("NoMatch", "InitialSilenceTimeout", "BabbleTimeout"):
            return ""
    raise EngineUnavailable("Azure Speech sent a response without a transcript.")


def _wav(pcm: bytes, rate_hz: int) -> bytes:
    fmt = struct.pack("<IHHIIHH", 16, 1, 1, rate_hz, rate_hz * 2, 2, 16)
    rest = b"WAVEfmt " + fmt + b"data" + len(pcm).to_bytes(4, "little") + pcm
    return b"RIFF" + len(rest).to_bytes(4, "little") + rest
