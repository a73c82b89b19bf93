"""The ten-minute tour is true: whoever walks it with a real city's enquiries sees what it says."""

import json
import re
from pathlib import Path

import pytest

from tests.journeys.readme import Newcomer, steps_of
from tests.parts.scratch import scratch

ROOT = Path(__file__).parents[2]
TOUR = ROOT / "docs" / "guides" / "ten-minutes.md"
RELEASED = re.compile(r"Released at \S+ \S+ UTC: advisers may work on what is still open\.")
TRAINED = re.compile(
    r"Tested on the latest \d+, .*\n.* with titles\n.* without titles\nVersion 1 stands, learned from \d+"
)


@pytest.mark.timeout(600)
def test_every_step_of_the_tour_shows_what_the_page_says() -> None:
    with scratch("tour") as folder:
        steps = Newcomer(ROOT, folder).walk(steps_of(TOUR.read_text()))
        picture = (folder / "data" / "weeks.svg").read_text()
    shown = "\n".join(steps)
    assert "2034 rows would be sent: 1646 resolved, 388 open. 0 rows would be rejected." in shown
    assert "2034 rows in, 0 known already, 0 rejected." in shown
    assert '"received":2034,"met":761,"breached":649,"running":0,"no_promise":624,"open":388' in shown
    assert "channel,2015-01,telephone,,328,106,130,0,92,93," in shown
    assert "weeks.svg shows 14 weeks and the 2,034 enquiries received in them." in shown
    assert TRAINED.search(shown)
    [task] = next(json.loads(each)["tasks"] for each in steps if each.startswith('{\n    "tasks"'))
    assert task["queue_id"] == "pwd-district-06"
    reasons = {each["queue_id"]: each["because"] for each in task["suggestions"]}
    assert "it is in East Boston" in reasons["pwd-district-09"]
    assert RELEASED.search(shown)
    assert "<svg" in picture
