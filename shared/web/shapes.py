"""Bases of the models that come in and go out over HTTP."""

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """What a caller sends as JSON. Wrong types and unknown fields are told, not bent into shape."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


class Query(BaseModel):
    """What stands after the question mark. All of it is text, so numbers and dates are read from text."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


class Shown(BaseModel):
    """What an answer shows. Fields may be added; readers are asked to accept unknown ones."""

    model_config = ConfigDict(frozen=True)
