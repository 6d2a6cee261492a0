"""The REST API for short audio: up to a minute of speech (cognitive contract 6.4)."""

import asyncio
from typing import Any

from django.core.exceptions import DisallowedHost

from cognitive.abilities import RecognizedPhrase
from cognitive.speech import callers, recognition_results
from cognitive.speech.audio import AudioFormat, UnsupportedAudio, read_wav_header
from cognitive.speech.callers import CallerLookupFailed
from cognitive.speech.recognition_results import Span, Status
from cognitive.speech.stream_limits import StreamOwner
from cognitive.speech.streams import Failed, FailureReason, Finished, Outcome, Stream
from wire import strict_json
from wire.errors import ChatError, bad_request, unauthorized, unavailable
from wire.routes import refusal
from wire.views import JSON

MAX_SECONDS = 60
IDLE_SECONDS = 30.0
_WAV_TYPES = ("", "audio/wav", "audio/x-wav", "audio/wave", "application/octet-stream")
_FORMATS = ("simple", "detailed")
_PROFANITY = ("masked", "removed", "raw")
_CORS = {"access-control-allow-origin": "*", "cache-control": "no-store"}
_ERRORS = {
    FailureReason.UNSUPPORTED_LANGUAGE: lambda: bad_request("The language is not supported."),
    FailureReason.TOO_MANY: lambda: _too_many(),
    FailureReason.UNAVAILABLE: unavailable,
}


class _Disconnected(Exception):
    """The client closed the connection."""


async def short_audio(scope: dict[str, Any], receive: Any, send: Any) -> None:
    try:
        status, headers, body = 200, {"content-type": JSON}, await _respond(scope, receive)
    except _Disconnected:
        return
    except ChatError as error:
        response = refusal(scope["path"], error)
        status, headers, body = response.status_code, dict(response.items()), response.content
    headers = headers | _CORS | {"content-length": str(len(body))}
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


async def _respond(scope: dict[str, Any], receive: Any) -> bytes:
    """The body of a successful response. Raises ChatError, _Disconnected."""
    if scope["method"] != "POST":
        raise ChatError(
            405, "MethodNotAllowed", "The method must be POST.", headers={"Allow": "POST"}
        )
    owner = await _owner(scope)
    query = callers.query_parameters(scope)
    language = query.get("language", "")
    if not language:
        raise bad_request("The parameter language is missing.", target="language")
    output_format = query.get("format", "simple").lower()
    if output_format not in _FORMATS or query.get("profanity", "raw").lower() not in _PROFANITY:
        raise bad_request("The value of the parameter format or profanity is not supported.")
    content_type = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
    if content_type.partition(";")[0].strip().lower() not in _WAV_TYPES:
        raise ChatError(
            415,
            "UnsupportedMediaType",
            "The audio must be a WAV file with 16-bit PCM samples (audio/wav); compressed formats"
            " such as audio/ogg are not supported.",
        )
    phrases, until_ms = await _Recognition(owner, language).run(receive)
    return strict_json.render(_result(phrases, until_ms, detailed=output_format == "detailed"))


async def _owner(scope: dict[str, Any]) -> StreamOwner:
    try:
        request = callers.as_request(scope)
        host = request.get_host()
    except DisallowedHost:
        raise bad_request("The Host header is not one of this server's hosts.") from None
    credentials = callers.read_credentials(scope, {})
    if not credentials.is_present:
        raise ChatError(403, "Forbidden", "The request has neither an access key nor a token.")
    try:
        caller = await callers.find_caller_and_count(credentials, host)
    except CallerLookupFailed:
        raise unavailable() from None
    if caller is None:
        raise unauthorized()
    return callers.stream_owner(caller)


class _Recognition:
    """Recognizes the body of one request."""

    def __init__(self, owner: StreamOwner, language: str) -> None:
        self._owner, self._language = owner, language
        self._format = AudioFormat()
        self._stream: Stream | None = None
        self._head = b""
        self._phrases: list[RecognizedPhrase] = []
        self._end: asyncio.Future[Finished | Failed] = asyncio.get_running_loop().create_future()

    async def run(self, receive: Any) -> tuple[list[RecognizedPhrase], int]:
        """The phrases of the body, and its duration in ms. Raises ChatError, _Disconnected."""
        try:
            await self._read(receive)
            if self._stream is None:
                raise bad_request("The body is not a WAV file, or contains no audio.")
            self._stream.end()
            end = await self._outcome(receive)
        finally:
            if self._stream is not None:
                self._stream.cancel()
        if isinstance(end, Failed):
            raise _ERRORS[end.reason]()
        return self._phrases, end.until_ms

    async def _read(self, receive: Any) -> None:
        while not self._end.done():
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    message = await receive()
            except TimeoutError:
                raise ChatError(
                    408, "RequestTimeout", f"No audio was received for {IDLE_SECONDS:.0f} seconds."
                ) from None
            if message["type"] == "http.disconnect":
                raise _Disconnected
            self._feed(message.get("body", b""))
            if self._stream is not None:
                await self._stream.has_room.wait()
            if not message.get("more_body", False):
                return

    def _feed(self, chunk: bytes) -> None:
        if self._stream is None:
            self._head += chunk
            try:
                found = read_wav_header(self._head)
            except UnsupportedAudio as problem:
                raise bad_request(str(problem)) from None
            if found is None:
                return
            self._format, start = found
            chunk, self._head = self._head[start:], b""
            self._stream = Stream(self._language, self._format, self._owner, self._on_outcome)
            if not self._stream.start():
                self._stream = None
                raise _too_many()
        self._stream.feed(chunk)
        if self._stream.fed_bytes > MAX_SECONDS * self._format.bytes_per_second:
            raise ChatError(
                413,
                "RequestEntityTooLarge",
                f"A request may contain at most {MAX_SECONDS} seconds of audio. Use the Speech SDK"
                " for longer audio.",
            )

    def _on_outcome(self, outcome: Outcome) -> None:
        if isinstance(outcome, RecognizedPhrase) and outcome.is_final and outcome.text:
            self._phrases.append(outcome)
        elif isinstance(outcome, Finished | Failed) and not self._end.done():
            self._end.set_result(outcome)

    async def _outcome(self, receive: Any) -> Finished | Failed:
        gone = asyncio.ensure_future(receive())
        try:
            await asyncio.wait({gone, self._end}, return_when=asyncio.FIRST_COMPLETED)
            if not self._end.done():
                raise _Disconnected
            return self._end.result()
        finally:
            gone.cancel()


def _result(phrases: list[RecognizedPhrase], until_ms: int, *, detailed: bool) -> dict[str, object]:
    if not phrases:
        return recognition_results.empty_body(Status.INITIAL_SILENCE, Span(0, until_ms))
    start = phrases[0].offset_ms
    end = phrases[-1].offset_ms + phrases[-1].duration_ms
    text = " ".join(phrase.text for phrase in phrases)
    return recognition_results.success_body(
        RecognizedPhrase(text, start, end - start, is_final=True), detailed=detailed
    )


def _too_many() -> ChatError:
    return ChatError(
        429,
        "TooManyRequests",
        "Too many audio streams are being recognized. Try again in a few seconds.",
        headers={"Retry-After": "5"},
    )
