"""Up to a minute of speech in one request: REST for short audio (cognitive contract 6.4)."""

import asyncio
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost

from cognitive.abilities import Heard
from cognitive.speech import callers, phrases
from cognitive.speech.callers import NoAnswer
from cognitive.speech.phrases import Span, Status
from cognitive.speech.slots import Owner
from cognitive.speech.sound import SoundFormat, UnsupportedSound, read_wav_header
from cognitive.speech.streams import Failed, Finished, Outcome, Stream, Trouble
from wire import strict_json
from wire.errors import ChatError, bad_request, unauthorized, unavailable
from wire.routes import refusal
from wire.views import JSON

MOST_SECONDS = 60
IDLE_SECONDS = 30.0
_WAV_TYPES = ("", "audio/wav", "audio/x-wav", "audio/wave", "application/octet-stream")
_FORMATS = ("simple", "detailed")
_PROFANITY = ("masked", "removed", "raw")
_CORS = {"access-control-allow-origin": "*", "cache-control": "no-store"}
_TROUBLES = {
    Trouble.BAD_LANGUAGE: lambda: bad_request("No engine of this server knows that language."),
    Trouble.TOO_MANY: lambda: _too_many(),
    Trouble.UNAVAILABLE: unavailable,
}


class _Gone(Exception):
    """The client closed the connection."""


async def short_audio(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The ASGI application."""
    try:
        status, headers, body = 200, {"content-type": JSON}, await _answer(scope, receive)
    except _Gone:
        return
    except ChatError as error:
        response = refusal(scope["path"], error)
        status, headers, body = response.status_code, dict(response.items()), response.content
    headers = headers | _CORS | {"content-length": str(len(body))}
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


async def _answer(scope: dict[str, Any], receive: Any) -> bytes:
    """The body of a success. Raises ChatError, and _Gone."""
    if scope["method"] != "POST":
        raise ChatError(
            405, "MethodNotAllowed", "Sound is sent with POST.", headers={"Allow": "POST"}
        )
    owner = await _owner(scope)
    query = callers.parameters(scope)
    language = query.get("language", "")
    if not language:
        raise bad_request("The parameter language is missing.", target="language")
    wanted = query.get("format", "simple").lower()
    if wanted not in _FORMATS or query.get("profanity", "raw").lower() not in _PROFANITY:
        raise bad_request("The parameters format or profanity have a value that is not known.")
    kind = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
    if kind.partition(";")[0].strip().lower() not in _WAV_TYPES:
        raise ChatError(
            415,
            "UnsupportedMediaType",
            "The sound must be a WAV file with 16-bit PCM samples (audio/wav); compressed formats"
            " such as audio/ogg are not understood.",
        )
    heard, until_ms = await _Hearing(owner, language).listen(receive)
    return strict_json.render(_result(heard, until_ms, detailed=wanted == "detailed"))


async def _owner(scope: dict[str, Any]) -> Owner:
    try:
        request = callers.as_request(scope)
        host = request.get_host()
    except DisallowedHost:
        raise bad_request("The host is none of this server's.") from None
    if settings.SECURE_SSL_REDIRECT and not request.is_secure():
        raise ChatError(403, "Forbidden", "This server answers over https only.")
    credentials = callers.shown(scope, {})
    if not credentials.given:
        raise ChatError(403, "Forbidden", "The request has neither an access key nor a token.")
    try:
        caller = await callers.find_and_count(credentials, host)
    except NoAnswer:
        raise unavailable() from None
    if caller is None:
        raise unauthorized()
    return callers.owner_of(caller)


class _Hearing:
    """One request's sound on its way through a stream."""

    def __init__(self, owner: Owner, language: str) -> None:
        self._owner, self._language = owner, language
        self._sound = SoundFormat()
        self._stream: Stream | None = None
        self._head = b""
        self._phrases: list[Heard] = []
        self._end: asyncio.Future[Finished | Failed] = asyncio.get_running_loop().create_future()

    async def listen(self, receive: Any) -> tuple[list[Heard], int]:
        """All phrases of the body, and its length in milliseconds. Raises ChatError and _Gone."""
        try:
            await self._read(receive)
            if self._stream is None:
                raise bad_request("The body is no WAV file, or has no sound in it.")
            self._stream.end()
            end = await self._outcome(receive)
        finally:
            if self._stream is not None:
                self._stream.cancel()
        if isinstance(end, Failed):
            raise _TROUBLES[end.trouble]()
        return self._phrases, end.until_ms

    async def _read(self, receive: Any) -> None:
        while not self._end.done():
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    message = await receive()
            except TimeoutError:
                raise ChatError(408, "RequestTimeout", "No sound came for a while.") from None
            if message["type"] == "http.disconnect":
                raise _Gone
            self._take(message.get("body", b""))
            if self._stream is not None:
                await self._stream.has_room.wait()
            if not message.get("more_body", False):
                return

    def _take(self, chunk: bytes) -> None:
        if self._stream is None:
            self._head += chunk
            try:
                found = read_wav_header(self._head)
            except UnsupportedSound as problem:
                raise bad_request(str(problem)) from None
            if found is None:
                return
            self._sound, start = found
            chunk, self._head = self._head[start:], b""
            self._stream = Stream(self._language, self._sound, self._owner, self._tell)
            if not self._stream.start():
                self._stream = None
                raise _too_many()
        self._stream.feed(chunk)
        if self._stream.fed_bytes > MOST_SECONDS * self._sound.bytes_per_second:
            raise ChatError(
                413,
                "RequestEntityTooLarge",
                f"A request may hold {MOST_SECONDS} seconds of sound; for more there is the"
                " Speech SDK.",
            )

    def _tell(self, outcome: Outcome) -> None:
        if isinstance(outcome, Heard) and outcome.is_final and outcome.text:
            self._phrases.append(outcome)
        elif isinstance(outcome, Finished | Failed) and not self._end.done():
            self._end.set_result(outcome)

    async def _outcome(self, receive: Any) -> Finished | Failed:
        gone = asyncio.ensure_future(receive())
        try:
            await asyncio.wait({gone, self._end}, return_when=asyncio.FIRST_COMPLETED)
            if not self._end.done():
                raise _Gone
            return self._end.result()
        finally:
            gone.cancel()


def _result(heard: list[Heard], until_ms: int, *, detailed: bool) -> dict[str, object]:
    if not heard:
        return phrases.without_text(Status.INITIAL_SILENCE, Span(0, until_ms))
    start = heard[0].offset_ms
    end = heard[-1].offset_ms + heard[-1].duration_ms
    text = " ".join(phrase.text for phrase in heard)
    return phrases.success(Heard(text, start, end - start, is_final=True), detailed=detailed)


def _too_many() -> ChatError:
    return ChatError(
        429,
        "TooManyRequests",
        "Too many people speak at the moment. Try again in a few seconds.",
        headers={"Retry-After": "5"},
    )
