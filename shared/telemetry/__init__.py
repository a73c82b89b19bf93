"""Logs, metrics and traces: what may be seen of a running service, and nothing personal."""

from uuid import UUID

from shared.telemetry.logs import correlation, kinds_of, set_up_logs
from shared.telemetry.metrics import (
    DEAD_LETTERS,
    ENQUIRIES_UNREACHED,
    EVENTS_HANDLED,
    EVENTS_PARKED,
    EVENTS_PLACED,
    EVENTS_PUBLISHED,
    EVENTS_SAID,
    EVENTS_SET_ASIDE,
    EVENTS_SKIPPED,
    MAIL_HELD_BACK,
    MAIL_MISSING,
    MESSAGES_MAYBE_TWICE,
    METRICS_TYPE,
    OLDEST_GAP_SECONDS,
    OLDEST_MAIL_SECONDS,
    OLDEST_WAITING_MAIL_SECONDS,
    PARTITION_HEARD,
    REGISTRY,
    REQUEST_SECONDS,
    REQUESTS,
    TIMER_LATENESS_SECONDS,
    WORKS_RERUN,
    exposition,
)
from shared.telemetry.trace import child_of, is_traceparent, new_trace, traceparent


def continue_trace(correlation_id: UUID, parent: str | None) -> None:
    """From here on, what this task logs and says belongs to that story."""
    correlation.set(correlation_id)
    traceparent.set(parent)


__all__ = [
    "DEAD_LETTERS",
    "ENQUIRIES_UNREACHED",
    "EVENTS_HANDLED",
    "EVENTS_PARKED",
    "EVENTS_PLACED",
    "EVENTS_PUBLISHED",
    "EVENTS_SAID",
    "EVENTS_SET_ASIDE",
    "EVENTS_SKIPPED",
    "MAIL_HELD_BACK",
    "MAIL_MISSING",
    "MESSAGES_MAYBE_TWICE",
    "METRICS_TYPE",
    "OLDEST_GAP_SECONDS",
    "OLDEST_MAIL_SECONDS",
    "OLDEST_WAITING_MAIL_SECONDS",
    "PARTITION_HEARD",
    "REGISTRY",
    "REQUESTS",
    "REQUEST_SECONDS",
    "TIMER_LATENESS_SECONDS",
    "WORKS_RERUN",
    "child_of",
    "continue_trace",
    "correlation",
    "exposition",
    "is_traceparent",
    "kinds_of",
    "new_trace",
    "set_up_logs",
    "traceparent",
]
