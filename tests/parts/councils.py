"""Council files for tests: a plain one that sends everything to one queue, and what may be varied in it."""

from pathlib import Path

from services.cli.council import ANYTOWN, apply_everywhere
from shared.settings import HouseSettings

PLAIN = """
[council]
name = "Plain Council"
zone = "Europe/London"
nation = "GB-ENG"
reference_prefix = "ANY"

[[calendar]]
code = "always"
name = "Round the clock"
bank_holidays = false
hours.monday = ["00:00-24:00"]
hours.tuesday = ["00:00-24:00"]
hours.wednesday = ["00:00-24:00"]
hours.thursday = ["00:00-24:00"]
hours.friday = ["00:00-24:00"]
hours.saturday = ["00:00-24:00"]
hours.sunday = ["00:00-24:00"]

[[queue]]
code = "general"
name = "General enquiries"
office = "front"
general = true

[[standard]]
code = "acknowledgement"
name = "Acknowledgement"
promise = "We let you know that we are dealing with it within {seconds} seconds."
from = "enquiry.received"
to = ["enquiry.answered", "enquiry.resolved"]
target = {seconds}
measure = "seconds"
calendar = "always"
"""
ADVISER = """
[[adviser]]
code = "{name}"
name = "{name}"
role = "adviser"
queues = ["general"]
capacity = {capacity}
"""
PEOPLE = ("ada", "grace", "mary", *(f"adviser-{nth}" for nth in range(64)))


def plain(acknowledge_within_seconds: int = 86_400, people: tuple[str, ...] = PEOPLE, capacity: int = 1) -> str:
    """One queue, one standard, and people who all can do everything."""
    advisers = "".join(ADVISER.format(name=name, capacity=capacity) for name in people)
    return PLAIN.format(seconds=acknowledge_within_seconds) + advisers


def written(folder: Path, file: str) -> Path:
    """For a house that begins with it: the value of ACCESSPOINT_COUNCIL."""
    path = folder / "council.toml"
    path.write_text(file, "utf-8")
    return path


def anytown() -> str:
    return ANYTOWN.read_text("utf-8")


async def take_up(url: str, file: str, reason: str = "For this test.") -> int:
    """Makes it the council of a migrated database; its version."""
    return await apply_everywhere(HouseSettings(database_url=url), url, file, "machine/test", reason)
