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
from monitoring.models import LogCategory, RequestRecord
from monitoring.operations import CHAT, ApiOperation
from wire.times import from_ms

# Query parameters that are logged; others may be secrets.
_PARAMETERS = {"api-version", "maxPageSize", "skip", "startTime", "syncState"}
# `azsdk-python-communication-chat/1.3.0 Python/3.11.7 (Linux-…)`
_SDK = re.compile(r"azsdk-([a-z]+)-([\w.-]+)/([\w.+-]+)", re.IGNORECASE)
_PLATFORM = re.compile(r"\(([^)]*)\)")
_SYSTEMS = ("Windows", "Android", "iOS", "iPhone", "iPad", "Darwin", "macOS", "Mac OS", "Linux")
_LEVELS = {4: "Warning", 5: "Error"}
_RESULTS = {4: "ClientError", 5: "ServerError"}


def record_of(
    request: HttpRequest,
    response: HttpResponseBase,
    operation: ApiOperation,
    resource_id: UUID,
    caller: object,
    at_ms: int,
    milliseconds: float,
) -> RequestRecord:
    """The unsaved record of an answered request."""
    meta = request.META
    status_class = response.status_code // 100
    match = request.resolver_match
    arguments: dict[str, Any] = match.kwargs if match else {}
    sdk, platform = sdk_and_platform(
        meta.get("HTTP_X_MS_USERAGENT", "") or meta.get("HTTP_USER_AGENT", "")
    )
    return RequestRecord(
        time_ms=at_ms,
        resource_id=resource_id,
        category=LogCategory.CHAT if operation.metric == CHAT else LogCategory.AUTHENTICATION,
        operation_name=operation.name,
        operation_version=_storable(request.GET.get("api-version", ""), 40),
        correlation_id=_storable(
            meta.get("HTTP_X_MS_CLIENT_REQUEST_ID", "") or response.get("ms-cv", ""), 200
        ),
        result_type=_RESULTS.get(status_class, "Succeeded"),
        result_signature=response.status_code,
        result_description=_error_code(response),
        duration_ms=round(milliseconds, 3),
        caller_ip_address=_storable(meta.get("REMOTE_ADDR", "") or "", 60),
        level=_LEVELS.get(status_class, "Informational"),
        uri=_address(request),
        user_id=caller.raw_id if isinstance(caller, Caller) else _storable(_user(arguments), 150),
        chat_thread_id=_storable(arguments.get("thread_id", ""), 200),
        chat_message_id=_message_id(arguments, response),
        sdk_type=sdk,
        platform_type=platform,
        scopes=" ".join(sorted(caller.scopes)) if isinstance(caller, Caller) else "",
    )


def sdk_and_platform(user_agent: str) -> tuple[str, str]:
    """`communication-chat-python 1.3.0` and `Linux`; empty texts if the user agent lacks them."""
    found = _SDK.search(user_agent)
    sdk = f"{found[2]}-{found[1]} {found[3]}".lower() if found else ""
    described = " ".join(_PLATFORM.findall(user_agent)) or user_agent
    system = next((name for name in _SYSTEMS if name.lower() in described.lower()), "")
    return _storable(sdk, 80), system


def _user(arguments: dict[str, Any]) -> str:
    return str(arguments.get("raw_id", ""))


def _message_id(arguments: dict[str, Any], response: HttpResponseBase) -> str:
    """The message in the request's path, or the one that the request created."""
    given = str(arguments.get("message_id", ""))
    if not given and "/messages/" in response.get("Location", ""):
        given = response["Location"].rpartition("/")[2]
    return _storable(given, 40)


def _error_code(response: HttpResponseBase) -> str:
    if response.status_code < 400 or not isinstance(response, HttpResponse):
        return ""
    try:
        body = json.loads(response.content)
    except ValueError:
        return ""
    error = body.get("error") if isinstance(body, dict) else None
    return _storable(str(error.get("code", "")), 100) if isinstance(error, dict) else ""


def _address(request: HttpRequest) -> str:
    given = parse_qsl(request.META.get("QUERY_STRING", ""), keep_blank_values=True)
    shown = [(name, value) for name, value in given if name in _PARAMETERS]
    host = request.META.get("HTTP_HOST", "")
    query = f"?{urlencode(shown)}" if shown else ""
    return _storable(f"{request.scheme}://{host}{request.path}{query}", 2000)


def _storable(text: str, length: int) -> str:
    """At most `length` characters, without NUL and unpaired surrogates."""
    return text[:length].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def write(records: Sequence[RequestRecord]) -> None:
    """Writes records where CHATSITE_REQUEST_LOG says."""
    where = settings.CHATSITE_REQUEST_LOG if records else "off"
    if where in ("all", "database"):
        RequestRecord.objects.bulk_create(records, batch_size=200)
    if where in ("all", "stdout"):
        print_lines(records)


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
