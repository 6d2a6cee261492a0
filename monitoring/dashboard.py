"""The dashboard's tiles, charts and tables for one time range and one resource."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q

from admin_toolkit.display import quantity
from monitoring.catalogue import METRICS
from monitoring.models import DAY_MS, Alert
from monitoring.queries import Aggregate, merged, read
from monitoring.time_ranges import RANGES, Groups, MetricReader, TimeRange
from wire.times import to_wire

# Operations with a color of their own; the others are summed.
_NAMED_OPERATIONS = 6
_MIN_DAYS = 7

_DURATION = METRICS["ChatRequestDuration"]


def dashboard(
    range_name: str, resource_id: UUID | None, now_ms: int, operation: str = ""
) -> dict[str, Any]:
    """The JSON that the page draws; members in `…Ms` are milliseconds, `times` are seconds."""
    time_range = TimeRange.of(range_name, now_ms)
    reader = MetricReader(time_range, resource_id, operation)
    by = ("Operation", "StatusCodeClass")
    chat = reader.read("APIRequestChat", by, with_buckets=True)
    identity = reader.read("APIRequestAuthentication", by)
    messages = reader.read("ChatMessages", ("Action",))
    webhooks = reader.read("WebhookDeliveries", ("Outcome",))
    dead = reader.read("WebhookDeadLetters")
    connections = merged(reader.read("RealtimeConnections")) if resource_id is None else {}
    active = _active(reader, now_ms)
    charts = [
        _messages_chart(reader, messages),
        _operations_chart(reader, {**chat, **identity}),
        _classes_chart(reader, {**chat, **identity}),
        _errors_chart(reader, chat),
        _latency_chart(reader, chat),
        _connections_chart(reader, connections),
        active,
        _webhooks_chart(reader, webhooks, dead),
    ]
    return {
        "range": range_name,
        "operation": operation,
        "stepMs": time_range.step_ms,
        "startMs": time_range.start_ms,
        "endMs": time_range.end_ms,
        "nowMs": now_ms,
        "times": [at // 1000 for at in time_range.times],
        "tiles": _tiles(reader, chat, messages, connections, active, webhooks, dead),
        "charts": charts,
        "operations": _operations(reader, chat),
        "alerts": _alerts(resource_id),
        "isEmpty": not any(value for chart in charts for s in chart["series"] for value in s["v"]),
    }


def _series(label: str, values: Sequence[float | None], tone: str = "") -> dict[str, Any]:
    return {"label": label, "v": list(values), "tone": tone}


def _chart(
    name: str,
    title: str,
    kind: str,
    series: Sequence[dict[str, Any]],
    *,
    unit: str = "",
    note: str = "",
    empty: str = "",
    times: Sequence[int] | None = None,
) -> dict[str, Any]:
    chart = {
        "id": name,
        "title": title,
        "kind": kind,
        "unit": unit,
        "note": note,
        "empty": empty,
        "series": list(series),
    }
    return chart if times is None else {**chart, "times": [at // 1000 for at in times]}


def _messages_chart(reader: MetricReader, messages: Groups) -> dict[str, Any]:
    tones = {"Sent": "1", "Edited": "2", "Deleted": "bad"}
    series = [
        _series(action, reader.counts(s for key, s in messages.items() if key[0] == action), tone)
        for action, tone in tones.items()
    ]
    return _chart(
        "messages", "Messages", "bars", series, empty="No messages were sent in this time range."
    )


def _operations_chart(reader: MetricReader, requests: Groups) -> dict[str, Any]:
    by_operation: dict[str, list[Mapping[int, Aggregate]]] = {}
    for (operation, _), steps in requests.items():
        by_operation.setdefault(operation, []).append(steps)
    counted = {name: reader.counts(groups) for name, groups in by_operation.items()}
    ranked = sorted(counted, key=lambda name: -sum(counted[name]))
    series = [
        _series(name, counted[name], str(index + 1))
        for index, name in enumerate(ranked[:_NAMED_OPERATIONS])
    ]
    rest = ranked[_NAMED_OPERATIONS:]
    if rest:
        sums = [sum(values) for values in zip(*(counted[name] for name in rest), strict=True)]
        series.append(_series(quantity(len(rest), "other"), sums, "rest"))
    return _chart(
        "operations",
        "Requests by operation",
        "bars",
        series,
        empty="There were no requests in this time range.",
    )


def _classes_chart(reader: MetricReader, requests: Groups) -> dict[str, Any]:
    tones = {"2xx": "good", "3xx": "2", "4xx": "warn", "5xx": "bad"}
    series = []
    for name, tone in tones.items():
        counts = reader.counts(s for key, s in requests.items() if key[1] == name)
        if any(counts) or name in ("2xx", "4xx", "5xx"):
            series.append(_series(name, counts, tone))
    return _chart(
        "classes",
        "Requests by result",
        "bars",
        series,
        empty="There were no requests in this time range.",
    )


def _errors_chart(reader: MetricReader, chat: Groups) -> dict[str, Any]:
    total = reader.counts(chat.values())
    series = []
    for name, label, tone in (("5xx", "Failed (5xx)", "bad"), ("4xx", "Refused (4xx)", "warn")):
        counts = reader.counts(s for key, s in chat.items() if key[1] == name)
        share = [_share(part, of) for part, of in zip(counts, total, strict=True)]
        series.append(_series(label, share, tone))
    return _chart(
        "errors",
        "Chat error rate",
        "lines",
        series,
        unit="%",
        empty="There were no requests in this time range.",
    )


def _share(part: int, of: int) -> float | None:
    return round(100 * part / of, 3) if of else None


def _latency_chart(reader: MetricReader, chat: Groups) -> dict[str, Any]:
    steps = merged(
        {key: s for key, s in chat.items() if reader.operation in ("", key[0])},
    )
    series = [
        _series(
            label,
            [_milliseconds(steps.get(at), aggregation) for at in reader.time_range.times],
            tone,
        )
        for label, aggregation, tone in (
            ("p50", "P50", "1"),
            ("p95", "P95", "3"),
            ("p99", "P99", "5"),
        )
    ]
    title = f"Duration of {reader.operation}" if reader.operation else "Chat request duration"
    return _chart(
        "latency",
        title,
        "lines",
        series,
        unit="ms",
        empty="There were no requests in this time range.",
    )


def _milliseconds(aggregate: Aggregate | None, aggregation: str) -> float | None:
    value = aggregate.value(_DURATION, aggregation) if aggregate else None
    return None if value is None else round(value, 2)


def _connections_chart(reader: MetricReader, steps: Mapping[int, Aggregate]) -> dict[str, Any]:
    values = [
        round(steps[at].total / steps[at].count, 1) if at in steps and steps[at].count else None
        for at in reader.time_range.times
    ]
    empty = (
        "Connections are counted for the whole server only; choose all resources."
        if reader.resource_id
        else "There were no connections in this time range."
    )
    series = [_series("Connections", values, "4")]
    return _chart("connections", "Live connections", "area", series, empty=empty)


def _active(reader: MetricReader, now_ms: int) -> dict[str, Any]:
    end_ms = now_ms - now_ms % DAY_MS + DAY_MS
    length = max(RANGES[reader.time_range.name][1], _MIN_DAYS * DAY_MS)
    days = list(range(end_ms - length, end_ms, DAY_MS))
    series = []
    for name, label, tone in (("ActiveUsers", "Users", "1"), ("ActiveThreads", "Threads", "4")):
        found = read(
            METRICS[name],
            resource_id=reader.resource_id,
            start_ms=days[0],
            end_ms=end_ms,
            step_ms=DAY_MS,
        )
        steps = merged(found)
        series.append(
            _series(label, [int(steps[at].total) if at in steps else 0 for at in days], tone)
        )
    return _chart(
        "active",
        "Active users and threads per day",
        "columns",
        series,
        empty="There were no active users or threads.",
        times=days,
    )


def _webhooks_chart(reader: MetricReader, webhooks: Groups, dead: Groups) -> dict[str, Any]:
    good = reader.counts(s for key, s in webhooks.items() if key[0] == "Delivered")
    bad = reader.counts(s for key, s in webhooks.items() if key[0] != "Delivered")
    series = [
        _series("Delivered", good, "good"),
        _series("Failed attempts", bad, "warn"),
        _series("Dead letters", reader.counts(dead.values()), "bad"),
    ]
    return _chart(
        "webhooks",
        "Webhooks",
        "bars",
        series,
        empty="No webhook requests were sent in this time range.",
    )


# --- Tiles and tables ---------------------------------------------------------------------------


def _tile(
    label: str, value: float | int | None, unit: str = "", *, tone: str = "", note: str = ""
) -> dict[str, Any]:
    return {"label": label, "value": value, "unit": unit, "tone": tone, "note": note}


def _tiles(
    reader: MetricReader,
    chat: Groups,
    messages: Groups,
    connections: Mapping[int, Aggregate],
    active: Mapping[str, Any],
    webhooks: Groups,
    dead: Groups,
) -> list[dict[str, Any]]:
    total = sum(reader.counts(chat.values()))
    failed = sum(reader.counts(s for key, s in chat.items() if key[1] == "5xx"))
    refused = sum(reader.counts(s for key, s in chat.items() if key[1] == "4xx"))
    sent = sum(reader.counts(s for key, s in messages.items() if key[0] == "Sent"))
    whole = Aggregate()
    for aggregate in merged(chat).values():
        whole.merge(aggregate)
    last = connections[max(connections)] if connections else None
    attempts = sum(reader.counts(webhooks.values()))
    delivered = sum(reader.counts(s for key, s in webhooks.items() if key[0] == "Delivered"))
    letters = sum(reader.counts(dead.values()))
    error_rate = _share(failed, total)
    return [
        _tile("Messages sent", sent),
        _tile("Chat requests", total, note=f"{refused:,} refused"),
        _tile(
            "Error rate",
            error_rate,
            "%",
            tone=_error_tone(error_rate),
            note=f"{failed:,} failed",
        ),
        _tile("p95 duration", _milliseconds(whole, "P95"), "ms"),
        _tile("Live connections", round(last.total / last.count) if last else None),
        _tile("Active users today", active["series"][0]["v"][-1]),
        _tile(
            "Webhooks delivered",
            _share(delivered, attempts),
            "%",
            tone="warn" if letters else "",
            note=f"{letters:,} dead letters",
        ),
    ]


def _error_tone(rate: float | None) -> str:
    if not rate:
        return "good" if rate == 0 else ""
    return "bad" if rate >= 1 else "warn"


def _operations(reader: MetricReader, chat: Groups) -> list[dict[str, Any]]:
    """One row per operation: numbers of requests, refusals and failures, and durations."""
    rows: dict[str, dict[str, Any]] = {}
    for (operation, status), steps in chat.items():
        row = rows.setdefault(operation, {"requests": 0, "4xx": 0, "5xx": 0, "all": Aggregate()})
        for aggregate in steps.values():
            row["requests"] += aggregate.count
            if status in row:
                row[status] += aggregate.count
            row["all"].merge(aggregate)
    ranked = sorted(rows.items(), key=lambda item: -item[1]["requests"])
    return [
        {
            "name": name,
            "requests": row["requests"],
            "refused": row["4xx"],
            "failed": row["5xx"],
            **{key: _milliseconds(row["all"], key.upper()) for key in ("p50", "p95", "p99")},
        }
        for name, row in ranked
    ]


def _alerts(resource_id: UUID | None) -> list[dict[str, Any]]:
    """Firing alerts, most severe first."""
    rows = Alert.objects.filter(resolved_ms=None, is_stateful=True)
    if resource_id is not None:
        rows = rows.filter(Q(resource_id=resource_id) | Q(resource_id=None))
    return [
        {
            "id": str(alert.pk),
            "rule": alert.rule_name,
            "severity": alert.severity,
            "firedMs": alert.fired_ms,
            "where": ", ".join(alert.dimensions.values()),
            "acknowledged": alert.acknowledged_ms is not None,
        }
        for alert in rows.order_by("severity", "-fired_ms")[:20]
    ]


def csv_rows(data: Mapping[str, Any]) -> Iterable[Sequence[Any]]:
    """The charts as rows: time, chart, series, value, unit."""
    yield ["time", "chart", "series", "value", "unit"]
    for chart in data["charts"]:
        times = chart.get("times", data["times"])
        for series in chart["series"]:
            for at, value in zip(times, series["v"], strict=True):
                shown = "" if value is None else value
                yield [to_wire(at * 1000), chart["title"], series["label"], shown, chart["unit"]]
