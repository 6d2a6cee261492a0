"""The HTTP client for webhooks (decision 5): checked addresses, kept connections, one deadline."""

import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import pycurl

from webhooks.addresses import Endpoint, ForbiddenAddress, UnknownHost, parse_endpoint, resolve
from webhooks.transfer import ANSWER_BYTES, IDLE_SECONDS, Transfer, header_lines, new_handle

TIMEOUT_SECONDS = 30.0
# How many idle connections are kept for each endpoint.
_MAX_IDLE = 16
# What libcurl reports if the endpoint has closed the connection that it was to use again.
_CONNECTION_LOST = (
    pycurl.E_COULDNT_CONNECT,
    pycurl.E_SEND_ERROR,
    pycurl.E_RECV_ERROR,
    pycurl.E_GOT_NOTHING,
)


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


class Client:
    """Sends requests from any thread, and keeps connections open for the next request.

    Each libcurl handle has one connection to one endpoint, and one thread uses it at a time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # The time when each became idle, oldest first.
        self._idle: dict[Endpoint, list[tuple[float, pycurl.Curl]]] = defaultdict(list)

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        seconds: float = TIMEOUT_SECONDS,
    ) -> Reply:
        """The response, whatever its status. Raises RequestFailed, after `seconds` at the latest.

        Only the name's resolution may take longer: the system's resolver has its own time-outs.
        """
        deadline = time.monotonic() + seconds
        try:
            endpoint = parse_endpoint(url)
        except ValueError as problem:
            raise RequestFailed("Aborted", str(problem)) from None
        try:
            return self._send(endpoint, Transfer(method, header_lines(headers), body, deadline))
        except (ForbiddenAddress, UnknownHost) as problem:
            raise RequestFailed("ResolutionError", str(problem)) from None
        except (pycurl.error, OSError, ValueError) as problem:
            raise _failure(problem, deadline, seconds) from None

    def _send(self, endpoint: Endpoint, transfer: Transfer) -> Reply:
        with self._lock:
            waiting = self._idle.get(endpoint)
            _, handle = waiting.pop() if waiting else (0, None)
        if handle:
            try:
                return self._perform(endpoint, handle, transfer)
            except pycurl.error as problem:
                # Events may arrive twice, so the request is repeated on a new connection.
                if problem.args[0] not in _CONNECTION_LOST:
                    raise
        transfer.addresses = [(str(found[0]), int(found[1])) for _, found in resolve(endpoint)]
        return self._perform(endpoint, new_handle(endpoint, transfer.addresses), transfer)

    def _perform(self, endpoint: Endpoint, handle: pycurl.Curl, transfer: Transfer) -> Reply:
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
            self._keep(endpoint, handle) if is_reusable else handle.close()
        return Reply(status, transfer.response_headers, bytes(transfer.response[:ANSWER_BYTES]))

    def _keep(self, endpoint: Endpoint, handle: pycurl.Curl) -> None:
        # A body may be a megabyte long.
        handle.setopt(pycurl.POSTFIELDS, b"")
        with self._lock:
            waiting = self._idle[endpoint]
            waiting.append((time.monotonic(), handle))
            surplus = waiting.pop(0)[1] if len(waiting) > _MAX_IDLE else None
        if surplus:
            surplus.close()

    def close_idle(self, *, older_than: float = IDLE_SECONDS) -> None:
        """Close the connections that have not been used for so many seconds."""
        limit = time.monotonic() - older_than
        with self._lock:
            everything, self._idle = self._idle, defaultdict(list)
            for endpoint, waiting in everything.items():
                if fresh := [idle for idle in waiting if idle[0] > limit]:
                    self._idle[endpoint] = fresh
        for since, handle in (idle for waiting in everything.values() for idle in waiting):
            if since <= limit:
                handle.close()


def _failure(problem: Exception, deadline: float, seconds: float) -> RequestFailed:
    left = max(deadline - time.monotonic(), 0)
    code = problem.args[0] if isinstance(problem, pycurl.error) else 0
    if not left or code == pycurl.E_OPERATION_TIMEDOUT or isinstance(problem, TimeoutError):
        waited = round(seconds - left, 1)
        return RequestFailed("TimedOut", f"There was no answer within {waited:g} seconds.")
    text = problem.args[1] if code else str(problem)
    # It may quote what the endpoint sent, and no database stores NUL.
    text = (text or type(problem).__name__).replace("\x00", "\ufffd")
    return RequestFailed("SocketError", text[:500])
