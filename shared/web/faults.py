"""What pydantic found wrong, in plain words, and never with the value that was sent."""

import string
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from shared.errors import Fault, Invalid, Refused

MOST_FAULTS = 20
LONGEST_WHERE = 200
NOT_JSON = "json_invalid"
OTHERWISE = "this is not what belongs here"

A_NUMBER = "write a number, without quotation marks"
A_WHOLE_NUMBER = "write a whole number, without quotation marks"
A_DATE = "write a date such as 2026-03-01"
A_MOMENT = "write a date and time with its zone, such as 2026-03-01T09:30:00Z"
AN_ID = "write a complete id, such as 0190163d-8694-739b-aea5-966c26f8ad91"
A_LIST = "write a list in square brackets"
AN_OBJECT = "write an object in braces"
YES_OR_NO = "write true or false, without quotation marks"

WORDS: Mapping[str, str] = {
    "missing": "this is required",
    "extra_forbidden": "this field is not known here: leave it out or correct its name",
    "none_required": "write null or leave it out",
    "string_type": "write text in quotation marks",
    "string_too_short": "write at least {min_length} characters",
    "string_too_long": "write at most {max_length} characters",
    "string_pattern_mismatch": "write it in the form {pattern}",
    "string_unicode": "write text in UTF-8",
    "int_type": A_WHOLE_NUMBER,
    "int_parsing": A_WHOLE_NUMBER,
    "int_parsing_size": A_WHOLE_NUMBER,
    "int_from_float": A_WHOLE_NUMBER,
    "float_type": A_NUMBER,
    "float_parsing": A_NUMBER,
    "decimal_type": A_NUMBER,
    "decimal_parsing": A_NUMBER,
    "finite_number": "write an ordinary number, neither NaN nor infinite",
    "bool_type": YES_OR_NO,
    "bool_parsing": YES_OR_NO,
    "greater_than": "write a number above {gt}",
    "greater_than_equal": "write a number from {ge}",
    "less_than": "write a number below {lt}",
    "less_than_equal": "write a number up to {le}",
    "uuid_type": AN_ID,
    "uuid_parsing": AN_ID,
    "uuid_version": AN_ID,
    "date_type": A_DATE,
    "date_parsing": A_DATE,
    "date_from_datetime_parsing": A_DATE,
    "date_from_datetime_inexact": A_DATE,
    "datetime_type": A_MOMENT,
    "datetime_parsing": A_MOMENT,
    "datetime_from_date_parsing": A_MOMENT,
    "datetime_object_invalid": A_MOMENT,
    "timezone_aware": A_MOMENT,
    "enum": "write one of {expected}",
    "literal_error": "write one of {expected}",
    "too_short": "write at least {min_length} entries",
    "too_long": "write at most {max_length} entries",
    "list_type": A_LIST,
    "tuple_type": A_LIST,
    "set_type": A_LIST,
    "frozen_set_type": A_LIST,
    "dict_type": AN_OBJECT,
    "model_type": AN_OBJECT,
    "model_attributes_type": AN_OBJECT,
    "union_tag_invalid": "write one of {expected_tags} as {discriminator}",
    "union_tag_not_found": "say which kind it is in {discriminator}",
    "value_error": "{error}",
    "assertion_error": "{error}",
}


def refusal_of(error: ValidationError, part: str) -> Refused:
    """`part` is what was read: body or query. What is no JSON is a bad request, the rest is invalid."""
    found = error.errors(include_url=False, include_input=False)
    if found[0]["type"] == NOT_JSON:
        why = str(found[0].get("ctx", {}).get("error", ""))
        return Refused(f"The {part} is not JSON ({why}).", (Fault(part, why),))
    faults = tuple(Fault(place(part, each["loc"]), words_for(each["type"], each.get("ctx") or {})) for each in found)
    return Invalid(summary_of(faults), faults[:MOST_FAULTS])


def summary_of(faults: Sequence[Fault]) -> str:
    """A sentence with the first fault, for those who show no list."""
    more = len(faults) - 1
    rest = f" There {'is 1 more fault' if more == 1 else f'are {more} more faults'}." if more else ""
    return f"Please correct {faults[0].where}: {faults[0].why}.{rest}"


def place(part: str, steps: Sequence[int | str]) -> str:
    """`body.contacts[0].name`."""
    path = part + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return path if len(path) <= LONGEST_WHERE else path[:LONGEST_WHERE] + "..."


def words_for(kind: str, context: Mapping[str, Any]) -> str:
    pattern = WORDS.get(kind, OTHERWISE)
    names = {name for _, name, _, _ in string.Formatter().parse(pattern) if name}
    return pattern.format_map(context) if names <= context.keys() else OTHERWISE


def places_with_nul(value: Any, where: str) -> Iterator[str]:
    """Where a text, or a name in an object, holds the NUL character, which no database keeps."""
    if isinstance(value, str):
        if "\0" in value:
            yield where
    elif isinstance(value, dict):
        for name, inner in value.items():
            if "\0" in name:
                yield where
            else:
                yield from places_with_nul(inner, f"{where}.{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places_with_nul(inner, f"{where}[{index}]")


def refusal_of_nul(places: Sequence[str]) -> Invalid:
    faults = [Fault(where, "take out the NUL character (\\u0000)") for where in places]
    return Invalid(summary_of(faults), faults[:MOST_FAULTS])
