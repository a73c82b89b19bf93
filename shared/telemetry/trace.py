"""W3C `traceparent`: read, continued and begun, and the one that is current."""

import re
import secrets
from contextvars import ContextVar
from uuid import UUID

traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)
"""The span in which the current request, event or timer is handled."""

SHAPE = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
NO_TRACE = "0" * 32
NO_SPAN = "0" * 16


def child_of(parent: str | None, correlation_id: UUID) -> str:
    """A new span of the parent's trace; a new trace when the parent is missing or cannot be read."""
    parts = parts_of(parent) if parent else None
    if parts is None:
        return new_trace(correlation_id)
    trace, flags = parts
    return f"00-{trace}-{secrets.token_hex(8)}-{flags}"


def new_trace(correlation_id: UUID) -> str:
    """The trace has the correlation id's digits, so that either can be found from the other."""
    return f"00-{correlation_id.hex}-{secrets.token_hex(8)}-00"


def is_traceparent(text: str) -> bool:
    return parts_of(text) is not None


def parts_of(text: str) -> tuple[str, str] | None:
    """Trace id and flags. Versions after 00 may carry more at their end, which is left out."""
    match = SHAPE.fullmatch(text)
    if match is None:
        return None
    version, trace, span, flags, more = match.groups()
    if version == "ff" or trace == NO_TRACE or span == NO_SPAN or (version == "00" and more):
        return None
    return trace, flags
