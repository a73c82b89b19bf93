"""The short run of `make faults`: everything is killed once while enquiries are under way, and nothing is lost."""

import pytest

from tests.faults.run import run, short_plan


@pytest.mark.usefixtures("rabbit_url")
async def test_four_processes_keep_every_promise_while_each_thing_is_killed() -> None:
    outcome = await run(short_plan(1, "four processes"), lambda *_: None)
    assert outcome.violations == []
    assert len(outcome.storm.kills) == 6


async def test_the_embedded_house_keeps_every_promise_while_it_and_its_database_are_killed() -> None:
    outcome = await run(short_plan(1, "embedded"), lambda *_: None)
    assert outcome.violations == []
    assert len(outcome.storm.kills) == 2
