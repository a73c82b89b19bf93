"""One mistake, planted in the council file of Anytown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Planted:
    """
    `old` stands once in the file and becomes `new`. The mistake is told at the line of `at`, with the words `told`.

    Without `at` it is the first line of `new`; `also` counts the mistakes that follow from it.
    """

    what: str
    old: str
    new: str
    told: str
    at: str = ""
    also: int = 0
