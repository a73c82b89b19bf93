"""What is looked for in a mail takes time in proportion to what there is to look through, whatever stands there."""

from __future__ import annotations

from services.intake.domain.mail.addresses import BEFORE_AT
from services.intake.domain.mail.parameters import PARAMETER
from services.intake.domain.mail.phrases import QUOTED
from tests.parts.growth import grows_linearly


def test_what_stands_before_an_at_is_looked_for_in_linear_time() -> None:
    assert grows_linearly(BEFORE_AT.search, lambda size: "a" * size + "]", 2000)


def test_parameters_behind_many_semicolons_are_looked_for_in_linear_time() -> None:
    assert grows_linearly(PARAMETER.findall, lambda size: ";" * size, 2000)


def test_a_rule_of_dashes_is_looked_through_in_linear_time() -> None:
    assert grows_linearly(QUOTED.search, lambda size: "-" * size, 1000)
