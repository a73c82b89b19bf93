"""The languages a caller reads, as `Accept-Language` tells them."""

import re

RANGE = re.compile(r"([A-Za-z]{2,3})(?:-[A-Za-z0-9-]+)?(?:\s*;\s*q\s*=\s*([01](?:\.\d{0,3})?))?")
MOST = 20


def languages_in(header: str | None) -> tuple[str, ...]:
    """The best first, without their regions. What cannot be read, or is not wanted (`q=0`), is left out."""
    found: dict[str, float] = {}
    for part in (header or "").split(",")[:MOST]:
        match = RANGE.fullmatch(part.strip())
        if match:
            weight = float(match.group(2) or 1)
            language = match.group(1).lower()
            found[language] = max(weight, found.get(language, 0))
    return tuple(sorted((language for language in found if found[language]), key=lambda each: -found[each]))
