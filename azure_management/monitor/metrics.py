"""Metrics and their definitions, as azure-mgmt-monitor reads them (monitoring contract 3)."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db import DatabaseError
from django.http import HttpResponse
from rest_framework.request import Request

from azure_management.base import ManagementView
from azure_management.monitor.metrics_query import INTERVALS, MetricsQuery, kept_days
from azure_management.monitor.values import duration, whole_seconds
from monitoring import queries
from monitoring.catalogue import METRICS, PERCENTILES, Metric
from monitoring.flusher import flush_for_reader
from monitoring.models import MINUTE_MS
from monitoring.queries import Aggregate
from wire.times import now_ms
from wire.views import json_response


class MetricsView(ManagementView):
    """`…/providers/Microsoft.Insights/metrics`."""

    def get(self, request: Request, scope: str, resource_name: str) -> HttpResponse:
        query = MetricsQuery.of(request.query_params.dict(), now_ms())
        # Counts that cannot be stored now are missing from the answer, which is still useful.
        with suppress(DatabaseError):
            flush_for_reader()
        return json_response(metrics_body(query, self.resource.id, scope))


class DefinitionsView(ManagementView):
    """`…/providers/Microsoft.Insights/metricDefinitions`."""

    def get(self, request: Request, scope: str, resource_name: str) -> HttpResponse:
        namespace = request.query_params.get("metricnamespace", "")
        return json_response(definitions_body(scope, namespace))


def metrics_body(query: MetricsQuery, resource_id: UUID, scope: str) -> dict[str, Any]:
    """The values that `query` selects, as the SDK reads them."""
    span = f"{whole_seconds(query.start_ms)}/{whole_seconds(query.end_ms)}"
    return {
        "cost": 0,
        "timespan": span,
        "interval": duration(query.step_ms // MINUTE_MS),
        "namespace": query.metrics[0].namespace,
        "resourceregion": "local",
        "value": [_metric_body(metric, query, resource_id, scope) for metric in query.metrics],
    }


def _metric_body(
    metric: Metric, query: MetricsQuery, resource_id: UUID, scope: str
) -> dict[str, Any]:
    by = [each.name for each in query.filters]
    found = queries.read(
        metric,
        resource_id=resource_id,
        start_ms=query.start_ms,
        end_ms=query.end_ms,
        step_ms=query.step_ms,
        origin_ms=query.origin_ms,
        by=by,
        filters=query.filters,
        with_buckets=any(name in PERCENTILES for name in query.aggregations),
    )
    if not by:
        # Without dimensions there is always one series, even without samples.
        found = found or {(): {}}
    ranked = sorted(
        found.items(), key=lambda item: -sum(aggregate.count for aggregate in item[1].values())
    )
    return {
        "id": f"/{scope}/providers/Microsoft.Insights/metrics/{metric.name}",
        "type": "Microsoft.Insights/metrics",
        "name": {"value": metric.name, "localizedValue": metric.label},
        "displayDescription": metric.description,
        "unit": metric.unit,
        "errorCode": "Success",
        "timeseries": [
            {
                "metadatavalues": [
                    {"name": {"value": name.lower(), "localizedValue": name}, "value": value}
                    for name, value in zip(by, values, strict=True)
                ],
                "data": _points(metric, query, steps) if query.wants_data else [],
            }
            for values, steps in ranked[: query.top]
        ],
    }


def _points(
    metric: Metric, query: MetricsQuery, steps: Mapping[int, Aggregate]
) -> list[dict[str, Any]]:
    points = []
    for at_ms in range(query.start_ms, query.end_ms, query.step_ms):
        point: dict[str, Any] = {"timeStamp": whole_seconds(at_ms)}
        aggregate = steps.get(at_ms, Aggregate())
        for name in query.aggregations:
            if name in metric.aggregations:
                value = aggregate.value(metric, name)
                if value is not None:
                    point[name.lower()] = value
        points.append(point)
    return points


def definitions_body(scope: str, namespace: str) -> dict[str, Any]:
    """All metric definitions, or those of one namespace."""
    return {
        "value": [
            _definition(metric, scope)
            for metric in METRICS.values()
            if namespace.lower() in ("", metric.namespace.lower())
        ]
    }


def _definition(metric: Metric, scope: str) -> dict[str, Any]:
    days = kept_days()
    grains = (1440,) if metric.is_daily else INTERVALS
    return {
        "id": f"/{scope}/providers/Microsoft.Insights/metricDefinitions/{metric.name}",
        "resourceId": f"/{scope}",
        "namespace": metric.namespace,
        "name": {"value": metric.name, "localizedValue": metric.label},
        "displayDescription": metric.description,
        "category": "Traffic",
        "isDimensionRequired": False,
        "unit": metric.unit,
        "primaryAggregationType": metric.primary_aggregation,
        "supportedAggregationTypes": list(metric.aggregations),
        "metricAvailabilities": [
            {
                "timeGrain": duration(minutes),
                "retention": f"P{days[queries.grain_for(minutes * MINUTE_MS)]}D",
            }
            for minutes in grains
        ],
        "dimensions": [{"value": name, "localizedValue": name} for name in metric.dimensions],
    }
