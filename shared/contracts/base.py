"""What all events have in common, and how a field is marked as personal."""

from abc import abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from shared.vocabulary import AdviserId

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
    @abstractmethod
    def subject(self) -> str:
        """What this event is ordered by."""


def personal_fields(event: type[Event]) -> frozenset[str]:
    """The fields that never reach logs or the public exchange, and that erasure overwrites."""
    schema = event.model_json_schema()
    parts = schema.get("$defs", {})
    return frozenset(name for name, shape in schema["properties"].items() if is_personal(shape, parts))


def is_personal(shape: Any, parts: Mapping[str, Any]) -> bool:
    """The mark may stand on the field, on one arm of its union, or on something inside what it holds."""
    if shape.get("personal"):
        return True
    part = parts.get(shape.get("$ref", "").rpartition("/")[2], {})
    inside = [*shape.get("anyOf", []), *part.get("properties", {}).values()]
    return any(is_personal(each, parts) for each in ([*inside, shape["items"]] if "items" in shape else inside))


def staff_fields(event: type[Event]) -> frozenset[str]:
    """The fields that name a member of staff."""
    return frozenset(name for name, field in event.model_fields.items() if names_staff(field.annotation))


def names_staff(annotation: Any) -> bool:
    return annotation is AdviserId or any(map(names_staff, get_args(annotation)))
