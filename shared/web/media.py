"""In which form a caller wants an answer, as `Accept` tells it."""

import re

CSV = "text/csv"
JSON = "application/json"
WEIGHT = re.compile(r"q\s*=\s*([01](?:\.[0-9]{0,3})?)")
MOST = 20


def prefers_csv(header: str | None) -> bool:
    """Whether CSV is named, and JSON is not wanted as much. A weight that cannot be read is none."""
    weights: dict[str, float] = {}
    for part in (header or "").split(",")[:MOST]:
        kind, *parameters = (each.strip().lower() for each in part.split(";"))
        weights[kind] = weight_in(parameters)
    csv = weights.get(CSV, 0)
    return csv > weights.get(JSON, 0) and csv >= weights.get("*/*", 0)


def weight_in(parameters: list[str]) -> float:
    given = next((each for each in parameters if each.startswith("q")), "q=1")
    match = WEIGHT.fullmatch(given)
    return float(match.group(1)) if match else 0
