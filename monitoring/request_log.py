"""The request log: its records, written to the database and as JSON lines."""

import json
import re
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponse, HttpResponseBase

from identity.callers import Caller
from monitoring.answered_requests import AnsweredRequest, ApiOperation
from monitoring.models import LogCategory, RequestRecord
from monitoring.operations import CHAT
from wire.statements import columns_of as columns_of_model
from wire.statements import insert_statement
from wire.times import from_ms
from wire.values import uuid_value

# Query parameters that are logged; others may be secrets.
_PARAMETERS = {"api-version", "maxPageSize", "skip", "startTime", "syncState"}
# `azsdk-python-communication-chat/1.3.0 Python/3.11.7 (Linux-…)`
_SDK = re.compile(r"azsdk-([a-z]+)-([\w.-]+)/([\w.+-]+)", re.IGNORECASE)
_PLATFORM = re.compile(r"\(([^)]*)\)")
_SYSTEMS = ("Windows", "Android", "iOS", "iPhone", "iPad", "Darwin", "macOS", "Mac OS", "Linux")
_LEVELS = {4: "Warning", 5: "Error"}
_RESULTS = {4: "ClientError", 5: "ServerError"}


_COLUMNS = columns_of_model(RequestRecord)
_RESOURCE = _COLUMNS.index("resource_id")
_INSERT = insert_statement("insert request records", RequestRecord, _COLUMNS)


def answered(
    request: HttpRequest,
    response: HttpResponseBase,
    operation: ApiOperation,
    resource_id: UUID,
    caller: object,
    at_ms: int,
    milliseconds: float,
) -> AnsweredRequest:
    """What is noted of a request that a view has answered."""
    meta = request.META
    match = request.resolver_match
    arguments: dict[str, Any] = match.kwargs if match else {}
    return AnsweredRequest(
        operation=operation,
        at_ms=at_ms,
        milliseconds=milliseconds,
        status=response.status_code,
        resource_id=resource_id,
        scheme=request.scheme or "",
        host=meta.get("HTTP_HOST", ""),
        path=request.path,
        query=meta.get("QUERY_STRING", ""),
        user_agent=meta.get("HTTP_X_MS_USERAGENT", "") or meta.get("HTTP_USER_AGENT", ""),
        correlation_id=meta.get("HTTP_X_MS_CLIENT_REQUEST_ID", "") or response.get("ms-cv", ""),
        address=meta.get("REMOTE_ADDR", "") or "",
        raw_id=caller.raw_id if isinstance(caller, Caller) else str(arguments.get("raw_id", "")),
        scopes=caller.scopes if isinstance(caller, Caller) else frozenset(),
        thread_id=arguments.get("thread_id", ""),
        message_id=_message_id(arguments, response),
        error_code=_error_code(response),
    )


def record_of(request: AnsweredRequest) -> RequestRecord:
    """The unsaved record of an answered request."""
    status_class = request.status // 100
    is_chat = request.operation.metric == CHAT
    sdk, platform = sdk_and_platform(request.user_agent)
    parameters = parse_qsl(request.query, keep_blank_values=True)
    return RequestRecord(
        time_ms=request.at_ms,
        resource_id=request.resource_id,
        category=LogCategory.CHAT if is_chat else LogCategory.AUTHENTICATION,
        operation_name=request.operation.name,
        operation_version=_storable(dict(parameters).get("api-version", ""), 40),
        correlation_id=_storable(request.correlation_id, 200),
        result_type=_RESULTS.get(status_class, "Succeeded"),
        result_signature=request.status,
        result_description=_storable(request.error_code, 100),
        duration_ms=round(request.milliseconds, 3),
        caller_ip_address=_storable(request.address, 60),
        level=_LEVELS.get(status_class, "Informational"),
        uri=_address(request, parameters),
        user_id=_storable(request.raw_id, 150),
        chat_thread_id=_storable(request.thread_id, 200),
        chat_message_id=_storable(request.message_id, 40),
        sdk_type=sdk,
        platform_type=platform,
        scopes=" ".join(sorted(request.scopes)),
    )


def sdk_and_platform(user_agent: str) -> tuple[str, str]:
    """`communication-chat-python 1.3.0` and `Linux`; empty texts if the user agent lacks them."""
    found = _SDK.search(user_agent)
    sdk = f"{found[2]}-{found[1]} {found[3]}".lower() if found else ""
    described = " ".join(_PLATFORM.findall(user_agent)) or user_agent
    system = next((name for name in _SYSTEMS if name.lower() in described.lower()), "")
    return _storable(sdk, 80), system


def _message_id(arguments: dict[str, Any], response: HttpResponseBase) -> str:
    """The message in the request's path, or the one that the request created."""
    given = str(arguments.get("message_id", ""))
    if not given and "/messages/" in response.get("Location", ""):
        given = response["Location"].rpartition("/")[2]
    return given


def _error_code(response: HttpResponseBase) -> str:
    if response.status_code < 400 or not isinstance(response, HttpResponse):
        return ""
    try:
        body = json.loads(response.content)
    except ValueError:
        return ""
    error = body.get("error") if isinstance(body, dict) else None
    return str(error.get("code", "")) if isinstance(error, dict) else ""


def _address(request: AnsweredRequest, parameters: Sequence[tuple[str, str]]) -> str:
    shown = [(name, value) for name, value in parameters if name in _PARAMETERS]
    query = f"?{urlencode(shown)}" if shown else ""
    return _storable(f"{request.scheme}://{request.host}{request.path}{query}", 2000)


def _storable(text: str, length: int) -> str:
    """At most `length` characters, without NUL and unpaired surrogates."""
    return text[:length].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def write(requests: Sequence[AnsweredRequest]) -> None:
    """Writes records where CHATSITE_REQUEST_LOG says."""
    where = settings.CHATSITE_REQUEST_LOG if requests else "off"
    if where == "off":
        return
    records = [record_of(request) for request in requests]
    if where in ("all", "database"):
        _INSERT.execute_many([_values(record) for record in records])
    if where in ("all", "stdout"):
        print_lines(records)


def _values(record: RequestRecord) -> list[Any]:
    values = [getattr(record, column) for column in _COLUMNS]
    values[_RESOURCE] = uuid_value(record.resource_id)
    return values


def print_lines(records: Sequence[RequestRecord]) -> None:
    """Prints one JSON object per line, with the columns of Azure's tables."""
    lines = [json.dumps(columns_of(record), ensure_ascii=False) for record in records]
    if lines:
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


def columns_of(record: RequestRecord) -> dict[str, Any]:
    """A record with the column names of ACSChatIncomingOperations or ACSAuthIncomingOperations."""
    is_chat = record.category == LogCategory.CHAT
    columns = {
        "TimeGenerated": from_ms(record.time_ms).isoformat().replace("+00:00", "Z"),
        "Type": "ACSChatIncomingOperations" if is_chat else "ACSAuthIncomingOperations",
        "OperationName": record.operation_name,
        "OperationVersion": record.operation_version,
        "Category": str(record.category),
        "CorrelationId": record.correlation_id,
        "ResultType": record.result_type,
        "ResultSignature": record.result_signature,
        "ResultDescription": record.result_description,
        "DurationMs": record.duration_ms,
        "CallerIpAddress": record.caller_ip_address,
        "Level": record.level,
        "URI": record.uri,
        "SdkType": record.sdk_type,
        "PlatformType": record.platform_type,
        "_ResourceId": str(record.resource_id),
    }
    if is_chat:
        return columns | {
            "UserId": record.user_id,
            "ChatThreadId": record.chat_thread_id,
            "ChatMessageId": record.chat_message_id,
        }
    return columns | {"Identity": record.user_id, "Scopes": record.scopes}
