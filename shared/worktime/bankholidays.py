"""Bank holidays of one nation at a time, as a well-kept library knows them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from holidays import country_holidays

NATION = re.compile(r"([A-Z]{2})(?:-[A-Z0-9]{1,3})?")


def check_nation(nation: str) -> None:
    written = NATION.fullmatch(nation)
    try:
        known = country_holidays(written[1]) if written else None
    except NotImplementedError:
        known = None
    if written is None or known is None or known.country != written[1]:
        raise ValueError(f"There is no nation {nation!r}; they are named as in GB-SCT or US-MA.")
    names = [known.country, *(f"{known.country}-{part}" for part in known.subdivisions)]
    if nation not in names:
        raise ValueError(f"No bank holidays are known of {nation!r}, but of {', '.join(names)}.")


@lru_cache(maxsize=256)
def bank_holidays(nation: str, year: int) -> Mapping[date, str]:
    """
    Their names by date. A country alone is all its parts together: in GB, a bank holiday anywhere in the United
    Kingdom counts, as the Freedom of Information Act 2000 has it in section 10(6).

    When one falls on a weekend both days are in it, its own and the substitute: an office open on Saturdays is
    closed on a Christmas Day that is one.
    """
    check_nation(nation)
    country, _, part = nation.partition("-")
    known = country_holidays(country)
    found: dict[date, str] = {}
    for each in [part] if part else known.subdivisions or [None]:
        # Unless told the language, the library takes that of the machine.
        found |= country_holidays(country, each, years=year, expand=False, language=known.default_language)
    return MappingProxyType(dict(sorted(found.items())))


def is_bank_holiday(nation: str, day: date) -> bool:
    return day in bank_holidays(nation, day.year)
