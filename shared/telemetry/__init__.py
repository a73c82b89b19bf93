"""Logs, metrics and traces: what may be seen of a running service, and nothing personal."""

from shared.telemetry.logs import correlation, set_up_logs
from shared.telemetry.metrics import (
    EVENTS_HANDLED,
    EVENTS_PARKED,
    EVENTS_PLACED,
    EVENTS_PUBLISHED,
    EVENTS_SAID,
    EVENTS_SET_ASIDE,
    EVENTS_SKIPPED,
    METRICS_TYPE,
    OLDEST_GAP_SECONDS,
    PARTITION_HEARD,
    REGISTRY,
    REQUEST_SECONDS,
    REQUESTS,
    TIMER_LATENESS_SECONDS,
    WORKS_RERUN,
    exposition,
)
from shared.telemetry.trace import child_of, is_traceparent, new_trace, traceparent

__all__ = [
    "EVENTS_HANDLED",
    "EVENTS_PARKED",
    "EVENTS_PLACED",
    "EVENTS_PUBLISHED",
    "EVENTS_SAID",
    "EVENTS_SET_ASIDE",
    "EVENTS_SKIPPED",
    "METRICS_TYPE",
    "OLDEST_GAP_SECONDS",
    "PARTITION_HEARD",
    "REGISTRY",
    "REQUESTS",
    "REQUEST_SECONDS",
    "TIMER_LATENESS_SECONDS",
    "WORKS_RERUN",
    "child_of",
    "correlation",
    "exposition",
    "is_traceparent",
    "new_trace",
    "set_up_logs",
    "traceparent",
]
