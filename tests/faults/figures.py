"""Rates and lateness, read from what the services have written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.faults.records import HEARD, NAMES, Records

OFFERS = "SELECT state FROM routing.offers"
TASKS = "SELECT state FROM routing.tasks"
CLOCKS = "SELECT state FROM sla.clocks"
SAID = "SELECT name, count(*) AS how_many FROM {service}.said GROUP BY name ORDER BY name"
LATENESS = """
SELECT percentile_disc(ARRAY[0.5, 0.95, 0.99, 1.0]) WITHIN GROUP (ORDER BY extract(epoch FROM late))
  FROM ({late}) AS found (late)
"""
LAPSES = "SELECT ended_at - lease_until FROM routing.offers WHERE state = 'lapsed'"
HEARING = "SELECT w.heard_at - s.recorded_at FROM {listener}.witnessed w JOIN ({said}) s USING (said_id)"
ALL_SAID = " UNION ALL ".join(f"SELECT said_id, recorded_at FROM {name}.said" for name in NAMES)


@dataclass(slots=True)
class Figures:
    """Counts, and how late things were (p50, p95, p99 and the worst, in seconds, outages included)."""

    said: dict[str, dict[str, int]] = field(default_factory=dict)
    handled: dict[str, int] = field(default_factory=dict)
    states: dict[str, Counter[str]] = field(default_factory=dict)
    lateness: dict[str, list[float]] = field(default_factory=dict)


async def measured(records: Records) -> Figures:
    found = Figures()
    for service in NAMES:
        rows = await records.rows(SAID.format(service=service))
        found.said[service] = {row["name"]: row["how_many"] for row in rows}
    for what, statement in (("tasks", TASKS), ("offers", OFFERS), ("clocks", CLOCKS)):
        found.states[what] = Counter(await records.column(statement))
    for listener in HEARD:
        found.handled[listener] = await records.value(f"SELECT count(*) FROM {listener}.witnessed")
        late = HEARING.format(listener=listener, said=ALL_SAID)
        found.lateness[f"from said to handled by {listener}"] = await lateness(records, late)
    found.lateness["from the end of a lease to its lapse"] = await lateness(records, LAPSES)
    return found


async def lateness(records: Records, late: str) -> list[float]:
    values = await records.value(LATENESS.format(late=late))
    return [float(value) for value in values] if values else []
