"""
Every failure we expect, and what it means to whoever is waiting:

AppError
├── Refused        the request itself must change          HTTP 400   event parked
│   ├── Unauthenticated   nobody known is calling          HTTP 401
│   ├── Forbidden         known, but not allowed           HTTP 403
│   ├── NotFound                                           HTTP 404
│   ├── Conflict          somebody else changed it first   HTTP 409
│   ├── TooLarge                                           HTTP 413
│   └── Invalid           read, but it makes no sense      HTTP 422
├── Early          an event that names something not heard of yet: set aside until it is (HTTP 404)
└── Unavailable    the database or the broker is away: again later (HTTP 503)

Anything outside this tree is a bug: HTTP 500; an event is tried three times, then parked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: where (`body.title`), and what to write instead."""

    where: str
    why: str


class AppError(Exception):
    """Base of every failure we expect. Its text is a sentence for a person."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"


class Refused(AppError):
    """The request itself must change; repeating it cannot help."""

    status = 400
    title = "The request cannot be carried out"

    def __init__(self, why: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(why)
        self.faults = tuple(faults)


class Unauthenticated(Refused):
    status = 401
    title = "Please say who you are"


class Forbidden(Refused):
    status = 403
    title = "You may not do this"


class NotFound(Refused):
    status = 404
    title = "There is nothing here"


class Conflict(Refused):
    status = 409
    title = "It has changed meanwhile"


class TooLarge(Refused):
    status = 413
    title = "That is too much at once"


class Invalid(Refused):
    status = 422
    title = "The request does not make sense"


class Early(AppError):
    """What this needs has not been heard of yet; `subject` names what it waits for."""

    status = 404
    title = "Not known here yet"

    def __init__(self, subject: str) -> None:
        super().__init__(f"{subject} has not been heard of yet")
        self.subject = subject


class Unavailable(AppError):
    """The database or the broker is away. A business condition is never this."""

    status = 503
    title = "Please try again in a moment"
