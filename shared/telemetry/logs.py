"""Logs: one JSON line per thing that happened, with its correlation id and nothing personal."""

import json
import logging
import sys
import traceback
from contextlib import suppress
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType
from typing import Any, Literal
from uuid import UUID

import structlog
from structlog.typing import EventDict, Processor
from typing_extensions import override

LogFormat = Literal["json", "console"]
LogLevel = Literal["debug", "info", "warning", "error"]

correlation: ContextVar[UUID | None] = ContextVar("correlation", default=None)
"""What the current request, event or timer belongs to; written into every line."""

HERE = str(Path(__file__).parents[2]) + "/"
DEEPEST = 30
LONGEST_CHAIN = 5


def set_up_logs(level: LogLevel = "info", form: LogFormat = "json") -> None:
    """Once, at the start of a process. Lines go to stderr; libraries' own lines go the same way."""
    processors: list[Processor] = [
        add_correlation,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        strip_exception,
    ]
    factory: Any
    if form == "json":
        processors.append(structlog.processors.JSONRenderer(serializer=to_line))
        factory = Lines
    else:
        processors.append(structlog.dev.ConsoleRenderer())
        factory = structlog.PrintLoggerFactory(sys.stderr)
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=factory,
        cache_logger_on_first_use=True,
    )
    root = logging.root
    root.handlers[:] = [Foreign()]
    root.setLevel(logging.WARNING)


class Lines:
    """Writes whole lines to stderr. Where nobody reads them any more, the work goes on without."""

    def __init__(self, *_: Any) -> None:
        pass

    def msg(self, line: bytes) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.buffer.write(line + b"\n")
            sys.stderr.buffer.flush()

    log = debug = info = warning = error = critical = fatal = msg


def to_line(event: EventDict, **_: Any) -> bytes:
    return json.dumps(event, default=str, separators=(",", ":")).encode("utf-8", "backslashreplace")


def add_correlation(_: Any, __: str, event: EventDict) -> EventDict:
    current = correlation.get()
    if current is not None and "correlation_id" not in event:
        event["correlation_id"] = str(current)
    return event


def strip_exception(_: Any, __: str, event: EventDict) -> EventDict:
    """Replaces an exception by its kinds and places. Its text may quote a citizen, so it is left out."""
    given = event.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
    if isinstance(given, tuple):
        error = given[1]
    if error is not None:
        event["error"] = kinds_of(error)
        event["at"] = places_of(error.__traceback__)
    return event


def kinds_of(error: BaseException) -> str:
    """`LookupError from UniqueViolationError 23505 citizens_pkey`: names only, never values."""
    names: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(names) < LONGEST_CHAIN:
        extra = [str(getattr(seen, name, None) or "") for name in ("sqlstate", "constraint_name")]
        names.append(" ".join(filter(None, [type(seen).__name__, *extra])))
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return " from ".join(names)


def places_of(trail: TracebackType | None) -> list[str]:
    """Where it happened, the deepest place last."""
    frames = list(traceback.walk_tb(trail))[-DEEPEST:]
    return [f"{at.f_code.co_filename.removeprefix(HERE)}:{line} {at.f_code.co_name}" for at, line in frames]


class Foreign(logging.Handler):
    """Lines of libraries. Their arguments may hold addresses or contents, so only the pattern is kept."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        pattern = str(record.msg).partition("\n")[0][:200]
        error = record.exc_info[1] if record.exc_info else None
        structlog.get_logger().log(record.levelno, "library", library=record.name, said=pattern, exc_info=error)
