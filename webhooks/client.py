"""The HTTP client for webhooks (decision 5): checked addresses, kept connections, one deadline."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pycurl

from webhooks.addresses import Endpoint, ForbiddenAddress, UnknownHost, parse_endpoint, resolve
from webhooks.transfer import ANSWER_BYTES, IDLE_SECONDS, Transfer, header_lines, new_handle

TIMEOUT_SECONDS = 30.0
# An idle connection with TLS holds 0.16 MB, and 1.4 MB if its CAs came from a bundle.
_MAX_IDLE = 128
# What libcurl reports if the endpoint has closed the connection that it was to use again.
_CONNECTION_LOST = (
    pycurl.E_COULDNT_CONNECT,
    pycurl.E_SEND_ERROR,
    pycurl.E_RECV_ERROR,
    pycurl.E_GOT_NOTHING,
)

# Clearer than libcurl's own.
_TEXTS = {pycurl.E_GOT_NOTHING: "The endpoint closed the connection without an answer."}


@dataclass(frozen=True)
class Reply:
    """A response: header names are lower-case, `body` is at most its first ANSWER_BYTES."""

    status: int
    headers: dict[str, str]
    body: bytes


class RequestFailed(Exception):
    """There was no response. `outcome` is Event Grid's name for the reason."""

    def __init__(self, outcome: str, text: str) -> None:
        super().__init__(text)
        self.outcome = outcome


class _Idle(NamedTuple):
    since: float
    url: str
    handle: pycurl.Curl


class Client:
    """Sends requests from any thread, and keeps connections open for the next request.

    Each libcurl handle has one connection, for one URL, and one thread uses it at a time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # The oldest first.
        self._idle: list[_Idle] = []

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        seconds: float = TIMEOUT_SECONDS,
    ) -> Reply:
        """The response, with any status. Raises RequestFailed, after `seconds` at the latest.

        Only the name's resolution may take longer: the system's resolver has its own time-outs.
        """
        deadline = time.monotonic() + seconds
        try:
            endpoint = parse_endpoint(url)
        except ValueError as problem:
            raise RequestFailed("Aborted", str(problem)) from None
        try:
            return self._send(
                url, endpoint, Transfer(method, header_lines(headers), body, deadline)
            )
        except (ForbiddenAddress, UnknownHost) as problem:
            raise RequestFailed("ResolutionError", str(problem)) from None
        except (pycurl.error, OSError, ValueError) as problem:
            raise _failure(problem, deadline, seconds) from None

    def _send(self, url: str, endpoint: Endpoint, transfer: Transfer) -> Reply:
        handle = self._take_idle(url)
        if handle:
            try:
                return self._perform(url, handle, transfer)
            except pycurl.error as problem:
                # Events may arrive twice, so the request is repeated on a new connection.
                if problem.args[0] not in _CONNECTION_LOST:
                    raise
        transfer.addresses = [(str(found[0]), int(found[1])) for _, found in resolve(endpoint)]
        return self._perform(url, new_handle(endpoint, transfer.addresses), transfer)

    def _perform(self, url: str, handle: pycurl.Curl, transfer: Transfer) -> Reply:
        is_reusable = False
        try:
            transfer.perform(handle)
            is_reusable = handle.getinfo(pycurl.LASTSOCKET) != -1
        except pycurl.error:
            # The status decides. A body that is cut off, slow or too long does not matter.
            if not transfer.has_status:
                raise
        finally:
            status = handle.getinfo(pycurl.RESPONSE_CODE)
            self._keep(url, handle) if is_reusable else handle.close()
        return Reply(status, transfer.response_headers, bytes(transfer.response[:ANSWER_BYTES]))

    def _take_idle(self, url: str) -> pycurl.Curl | None:
        with self._lock:
            for place in reversed(range(len(self._idle))):
                if self._idle[place].url == url:
                    return self._idle.pop(place).handle
        return None

    def _keep(self, url: str, handle: pycurl.Curl) -> None:
        # A body may be a megabyte long.
        handle.setopt(pycurl.POSTFIELDS, b"")
        with self._lock:
            self._idle.append(_Idle(time.monotonic(), url, handle))
            surplus = self._idle.pop(0) if len(self._idle) > _MAX_IDLE else None
        if surplus:
            surplus.handle.close()

    def close_idle(self, *, older_than: float = IDLE_SECONDS) -> None:
        """Close the connections that have not been used for so many seconds."""
        limit = time.monotonic() - older_than
        with self._lock:
            old = [idle for idle in self._idle if idle.since <= limit]
            self._idle = [idle for idle in self._idle if idle.since > limit]
        for idle in old:
            idle.handle.close()


def _failure(problem: Exception, deadline: float, seconds: float) -> RequestFailed:
    left = max(deadline - time.monotonic(), 0)
    code = int(problem.args[0]) if isinstance(problem, pycurl.error) else 0
    if not left or code == pycurl.E_OPERATION_TIMEDOUT or isinstance(problem, TimeoutError):
        waited = round(seconds - left, 1)
        return RequestFailed("TimedOut", f"There was no answer within {waited:g} seconds.")
    text = _TEXTS.get(code, problem.args[1]) if code else str(problem)
    # It may quote what the endpoint sent, and no database stores NUL.
    text = (text or type(problem).__name__).replace("\x00", "\ufffd")
    return RequestFailed("SocketError", text[:500])
