"""What all events have in common, and how a field is marked as personal."""

from enum import StrEnum
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

W = TypeVar("W", bound=StrEnum)

PERSONAL = Field(json_schema_extra={"personal": True})
PersonalText = Annotated[str, PERSONAL]


def tolerant(words: type[W]) -> BeforeValidator:
    """Reads a word that a newer speaker knows and we do not as `other`."""
    known = frozenset(words)

    def read(value: Any) -> Any:
        return value if value in known else "other"

    return BeforeValidator(read)


class Event(BaseModel):
    """A fact, in the past tense, stated by one service. Fields are added, never changed or removed."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: ClassVar[str]
    speaker: ClassVar[str]

    @property
    def subject(self) -> str:
        """What this event is ordered by."""
        raise NotImplementedError


def personal_fields(event: type[Event]) -> frozenset[str]:
    """The fields that never reach logs or the public exchange, and that erasure overwrites."""
    return frozenset(name for name, shape in event.model_json_schema()["properties"].items() if is_personal(shape))


def is_personal(shape: Any) -> bool:
    """The mark may stand on the field or, where it may be missing, on one arm of its union."""
    arms = shape.get("anyOf", [])
    return bool(shape.get("personal")) or any(map(is_personal, arms))
