"""A standard is changed while clocks run under it: each is closed, and its successor runs from the same start."""

import asyncio

from tests.journeys.anytown import Anytown
from tests.parts.councils import anytown as anytown_file
from tests.parts.councils import take_up

ENQUIRIES = 12


def with_target(days: int) -> str:
    before = 'target = 10\nmeasure = "working_days"'
    file = anytown_file()
    assert file.count(before) == 1
    return file.replace(before, f'target = {days}\nmeasure = "working_days"')


async def test_p06_a_changed_standard_closes_each_running_clock_and_opens_the_next(anytown: Anytown) -> None:
    receipts = await asyncio.gather(*(anytown.reports(f"Question number {number}") for number in range(ENQUIRIES)))
    enquiries = [receipt["enquiry_id"] for receipt in receipts]
    olive = anytown.person("olive")
    before = [await olive.clock(enquiry, "answer", "running") for enquiry in enquiries]
    url = anytown.house.database_url
    try:
        await take_up(url, with_target(15), "Staff are few this summer.")
        for enquiry, old in zip(enquiries, before, strict=True):
            closed = await olive.clock(enquiry, "answer", "superseded")
            opened = await olive.clock(enquiry, "answer", "running")
            assert closed["clock_id"] == old["clock_id"] != opened["clock_id"]
            assert closed["ledger"][-1]["entry"] == "superseded"
            assert opened["started_at"] == old["started_at"]
            assert opened["due_at"] > old["due_at"]
            untouched = await olive.clock(enquiry, "acknowledgement", "running")
            assert [line["entry"] for line in untouched["ledger"]] == ["started"]
    finally:
        await take_up(url, anytown_file(), "As it was.")
