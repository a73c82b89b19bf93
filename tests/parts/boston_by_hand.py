"""
The figures of the city's file, worked out from the file itself: what ours must equal, cell by cell.

It knows nothing of ours but the map's tables, and imports nothing of ours, so that it cannot be wrong in the same way:

    python -m tests.parts.boston_by_hand FILE [--by week] [--map MAP.toml] [--judged-up-to 2026-01-01T00:00Z]
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

MAP = Path(__file__).parents[2] / "deploy" / "imports" / "boston311.toml"
CITY = ZoneInfo("America/New_York")
WRITTEN = "%m/%d/%Y %I:%M:%S %p"
CELLS = (
    "received", "met", "breached", "running", "no_promise", "open", "median_seconds", "p95_seconds", "share",
)  # fmt: skip

Place = tuple[str | None, str | None, str | None]
"""Period, channel, queue; None for all of them."""
Cells = dict[str, float | None]


@dataclass(frozen=True)
class Request:
    """One line of the file. `said` is the city's own verdict, or nothing."""

    row_id: str
    opened: datetime
    due: datetime | None
    closed: datetime | None
    said: str
    channel: str
    queue: str

    def verdict(self, judged_up_to: datetime) -> str:
        if self.due is None:
            return "no_promise"
        if self.closed is not None:
            return "met" if self.closed <= self.due else "breached"
        return "breached" if self.due <= judged_up_to else "running"

    def period(self, by: str) -> str:
        local = self.opened.astimezone(CITY).date()
        if by == "month":
            return f"{local:%Y-%m}"
        return f"{local - timedelta(days=local.weekday()):%Y-%m-%d}"


def moment(written: str) -> datetime | None:
    """Of an hour that was there twice, the first."""
    if not written.strip():
        return None
    return datetime.strptime(written.strip(), WRITTEN).replace(tzinfo=CITY, fold=0).astimezone(UTC)


def read(file: Path, map_file: Path = MAP) -> list[Request]:
    known = tomllib.loads(map_file.read_text("utf-8"))
    return [request_of(line, known) for line in lines_of(file)]


def lines_of(file: Path) -> Iterator[dict[str, str]]:
    raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    return csv.DictReader(io.StringIO(raw.decode("utf-8"), newline=""))


def request_of(line: dict[str, str], known: dict[str, dict[str, dict[str, str]]]) -> Request:
    opened = moment(line["OPEN_DT"])
    assert opened is not None, line
    return Request(
        row_id=line["CASE_ENQUIRY_ID"],
        opened=opened,
        due=moment(line["TARGET_DT"]),
        closed=moment(line["CLOSED_DT"]),
        said=line["OnTime_Status"],
        channel=channel_of(line, known),
        queue=known["tables"]["queues"][line["QUEUE"].strip()],
    )


def channel_of(line: dict[str, str], known: dict[str, dict[str, dict[str, str]]]) -> str:
    """The front desk is the one-stop shop, whatever its source says."""
    if line["TYPE"].strip() == "OCR Front Desk Interactions":
        return "one_stop_shop"
    return known["tables"]["channels"][line["Source"].strip()]


def figures(requests: list[Request], judged_up_to: datetime, by: str = "month") -> dict[Place, Cells]:
    """By queue, by channel, and of everything."""
    groups: dict[Place, list[Request]] = {(None, None, None): list(requests)}
    everything: Counter[str | None] = Counter({None: len(requests)})
    for each in requests:
        period = each.period(by)
        everything[period] += 1
        groups.setdefault((period, each.channel, each.queue), []).append(each)
        groups.setdefault((period, each.channel, None), []).append(each)
    return {place: cells_of(group, judged_up_to, everything[place[0]]) for place, group in groups.items()}


def cells_of(group: list[Request], judged_up_to: datetime, of: int) -> Cells:
    verdicts = Counter(each.verdict(judged_up_to) for each in group)
    lasted = sorted((each.closed - each.opened).total_seconds() for each in group if each.closed is not None)
    return {
        "received": len(group),
        **{name: verdicts[name] for name in ("met", "breached", "running", "no_promise")},
        "open": len(group) - len(lasted),
        "median_seconds": within(lasted, 0.5),
        "p95_seconds": within(lasted, 0.95),
        "share": len(group) / of if of else 0.0,
    }


def within(ordered: list[float], share: float) -> float | None:
    """By when so large a share of them had ended; between two of them on a straight line."""
    if not ordered:
        return None
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return round(ordered[low] + (place - low) * (ordered[high] - ordered[low]), 3)


def judged_by_the_city(requests: list[Request]) -> dict[str, str]:
    """What was closed, had a target and was given a verdict: kept or broken, in our words."""
    ours = {"ONTIME": "met", "OVERDUE": "breached"}
    return {each.row_id: ours[each.said] for each in requests if each.closed and each.due and each.said}


def left_without_a_verdict(requests: list[Request]) -> list[str]:
    """What was closed and the city says nothing of."""
    return [each.row_id for each in requests if each.closed and not each.said]


def main() -> None:
    parser = argparse.ArgumentParser(description="The figures of the city's file, as CSV.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--map", type=Path, default=MAP)
    parser.add_argument("--by", choices=("month", "week"), default="month")
    parser.add_argument("--judged-up-to", type=datetime.fromisoformat, default=datetime.now(UTC))
    asked = parser.parse_args()
    lines = csv.writer(sys.stdout)
    lines.writerow(["period", "channel", "queue_id", *CELLS])
    found = figures(read(asked.file, asked.map), asked.judged_up_to, asked.by)
    for place in sorted(found, key=lambda each: [part or "" for part in each]):
        lines.writerow([*place, *(found[place][name] for name in CELLS)])


if __name__ == "__main__":
    main()
