"""Metrics, the request log, the dashboard, alerts and health checks."""
