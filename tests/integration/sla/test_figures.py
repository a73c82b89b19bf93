"""What managers are told of past months: counted once each, where and when it belongs, and the same as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from services.sla.app import SERVICE
from shared.settings import HouseSettings
from shared.vocabulary import Channel, Office, QueueId, Role, TaskId, WorkId, new_id
from shared.work import Workshop
from tests.builders import Ear, a_client, a_resolution, an_answer, an_enquiry_id, an_enquiry_received
from tests.integration.sla.looking import (
    a_reopening,
    a_task_queued,
    a_token,
    a_transfer,
    an_import,
    work_handed_over,
)

DAY = timedelta(days=1)
JANUARY, FEBRUARY = datetime(2026, 1, 10, 9, tzinfo=UTC), datetime(2026, 2, 10, 9, tzinfo=UTC)
"""When it is winter in Greenwich."""

COUNTS = ("received", "met", "breached", "running", "no_promise", "open")
CELLS = (*COUNTS, "median_seconds", "p95_seconds", "share")


@dataclass(frozen=True, slots=True)
class Manager:
    """Somebody who asks for figures."""

    client: TestClient[Any, Any]
    house: HouseSettings

    async def asks(self, query: str, role: Role = Role.MANAGER, **headers: str) -> tuple[int, str, Any]:
        given = {**a_token(self.house, role), **headers}
        response = await self.client.get(f"/sla/v1/figures?{query}", headers=given)
        kind = response.headers["Content-Type"].partition(";")[0]
        return response.status, kind, await (response.text() if kind == "text/csv" else response.json())

    async def sees(self, query: str = "from=2026-01&to=2026-02") -> dict[str, Any]:
        status, _, told = await self.asks(query)
        assert status == 200, told
        return dict(told)


@pytest.fixture
async def manager(workshop: Workshop, tmp_path: Path) -> AsyncIterator[Manager]:
    house = HouseSettings(data=tmp_path)
    async with a_client(workshop, SERVICE, house) as client:
        yield Manager(client, house)


def places(told: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(each["period"], each["channel"], each["queue_id"], each["received"]) for each in told["rows"]]


def cells(figure: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(figure[name] for name in names or CELLS)


async def imported(ear: Ear, at: datetime, due: timedelta | None, end: timedelta | None, **fields: Any) -> None:
    given = {
        "received_at": at,
        "cut_over": FEBRUARY + 100 * DAY,
        "due_at": at + due if due is not None else None,
        "resolved_at": at + end if end is not None else None,
        **fields,
    }
    await ear.hears(an_import(**given), at=at)


async def test_each_enquiry_is_counted_once_by_what_became_of_its_promises(ear: Ear, manager: Manager) -> None:
    for due, end in ((DAY, DAY), (DAY, 2 * DAY), (DAY, None), (200 * DAY, None), (None, 3 * DAY), (None, None)):
        await imported(ear, JANUARY, due, end)
    told = await manager.sees()
    [row] = told["rows"]
    assert cells(row, "period", "channel", "queue_id") == ("2026-01", "telephone", "highways")
    assert cells(row) == (6, 1, 2, 1, 2, 3, 2 * 86_400, 86_400 * 2.9, 1.0)
    assert cells(told["channels"][0]) == cells(told["totals"]) == cells(row)


async def test_where_nothing_was_received_there_are_only_noughts(manager: Manager) -> None:
    told = await manager.sees()
    assert (told["rows"], told["channels"]) == ([], [])
    assert cells(told["totals"]) == (0, 0, 0, 0, 0, 0, None, None, 0)


async def test_a_live_enquiry_counts_by_all_its_own_promises(ear: Ear, manager: Manager) -> None:
    """The plain council promises an acknowledgement within a day."""
    kept, broken, waits, ended = (an_enquiry_id() for _ in range(4))
    for enquiry_id in (kept, broken, waits, ended):
        await ear.hears(an_enquiry_received(enquiry_id), at=FEBRUARY)
    await ear.hears(an_answer(kept), at=FEBRUARY + timedelta(hours=1))
    await ear.hears(an_answer(broken), at=FEBRUARY + 2 * DAY)
    await ear.hears(a_resolution(ended), at=FEBRUARY + timedelta(hours=2))
    [row] = (await manager.sees())["rows"]
    assert cells(row, "channel", "queue_id", *COUNTS) == ("web", None, 4, 2, 1, 1, 0, 3)
    assert cells(row, "median_seconds", "p95_seconds") == (7_200, 7_200)


async def test_it_is_resolved_when_that_was_first_said_after_it_was_last_reopened(ear: Ear, manager: Manager) -> None:
    enquiry_id = an_enquiry_id()
    await imported(ear, JANUARY, DAY, DAY, enquiry_id=enquiry_id)
    for happens, day in ((a_reopening, 3), (a_resolution, 5), (a_resolution, 7)):
        await ear.hears(happens(enquiry_id), at=JANUARY + day * DAY)
    assert cells((await manager.sees())["totals"], "met", "open", "median_seconds") == (1, 0, 5 * 86_400)
    await ear.hears(a_reopening(enquiry_id), at=JANUARY + 7 * DAY)
    assert cells((await manager.sees())["totals"], "met", "open", "median_seconds") == (1, 1, None)


async def test_it_counts_where_it_was_last_and_hand_overs_do_not_move_it(ear: Ear, manager: Manager) -> None:
    moved, handed_over, released = (an_enquiry_id() for _ in range(3))
    task, part = TaskId(new_id()), TaskId(new_id())
    await ear.hears(an_enquiry_received(moved), at=FEBRUARY)
    await ear.hears(a_task_queued(moved, task), at=FEBRUARY)
    await ear.hears(a_transfer(moved, task, "highways", Office.BACK), at=FEBRUARY + DAY)
    await ear.hears(an_enquiry_received(handed_over), at=FEBRUARY)
    await ear.hears(a_task_queued(handed_over, TaskId(new_id())), at=FEBRUARY)
    await ear.hears(work_handed_over(handed_over, part, WorkId(new_id())), at=FEBRUARY + DAY)
    await ear.hears(a_transfer(handed_over, part, "parks", Office.BACK), at=FEBRUARY + 2 * DAY)
    await imported(ear, JANUARY, None, None, enquiry_id=released, queue_id=QueueId("old"), channel=Channel.WEB)
    assert places(await manager.sees())[0] == ("2026-01", "web", "old", 1)
    await ear.hears(a_task_queued(released, TaskId(new_id()), "parks", Office.BACK), at=FEBRUARY + DAY)
    assert places(await manager.sees()) == [
        ("2026-01", "web", "parks", 1),
        ("2026-02", "web", "general", 1),
        ("2026-02", "web", "highways", 1),
    ]


async def test_months_and_weeks_are_those_of_the_councils_zone(ear: Ear, manager: Manager) -> None:
    """In London, 31 May 2026 is over at 23:00 in Greenwich."""
    for hour in (22, 23):
        await imported(ear, datetime(2026, 5, 31, hour, tzinfo=UTC), None, None)
    assert places(await manager.sees("from=2026-05&to=2026-06")) == [
        ("2026-05", "telephone", "highways", 1),
        ("2026-06", "telephone", "highways", 1),
    ]
    assert places(await manager.sees("from=2026-06&to=2026-06")) == [("2026-06", "telephone", "highways", 1)]
    weeks = await manager.sees("from=2026-05&to=2026-06&by=week")
    assert [place[0] for place in places(weeks)] == ["2026-05-25", "2026-06-01"]


async def test_an_enquiry_told_of_twice_counts_once_and_in_its_first_month(ear: Ear, manager: Manager) -> None:
    enquiry_id = an_enquiry_id()
    await imported(ear, FEBRUARY, DAY, DAY, enquiry_id=enquiry_id)
    await imported(ear, JANUARY, DAY, DAY, enquiry_id=enquiry_id)
    assert places(await manager.sees()) == [("2026-01", "telephone", "highways", 1)]
    assert (await manager.sees("from=2026-02&to=2026-02"))["totals"]["received"] == 0


async def test_g2_take_up_is_a_channels_share_of_all_that_came_in_the_month(ear: Ear, manager: Manager) -> None:
    for channel, queue in (("web", "a"), ("web", "b"), ("web", "b"), ("email", "a")):
        await imported(ear, JANUARY, None, None, channel=Channel(channel), queue_id=QueueId(queue))
    await imported(ear, FEBRUARY, None, None, channel=Channel.WEB)
    told = await manager.sees()
    assert [cells(each, "period", "channel", "queue_id", "share") for each in told["channels"]] == [
        ("2026-01", "email", None, 0.25),
        ("2026-01", "web", None, 0.75),
        ("2026-02", "web", None, 1.0),
    ]
    assert [each["share"] for each in told["rows"]] == [0.25, 0.25, 0.5, 1.0]
    web = await manager.sees("from=2026-01&to=2026-01&channel=web")
    assert cells(web["totals"], "received", "share") == (3, 0.75)
    both = await manager.sees("from=2026-01&to=2026-01&channel=web&queue=a")
    assert cells(both["totals"], "received", "share") == (1, 0.5)


async def some_of_everything(ear: Ear) -> None:
    for nth, channel in enumerate(Channel):
        for day in range(3):
            due, end = (DAY, None)[nth % 2], (None, DAY / 7, 3 * DAY)[(nth + day) % 3]
            queue = QueueId(f"queue-{day % 2}")
            await imported(ear, JANUARY + 12 * day * DAY, due, end, channel=channel, queue_id=queue)
    await ear.hears(an_enquiry_received(), at=FEBRUARY)


@pytest.mark.parametrize("query", ["", "&by=week", "&channel=web", "&queue=queue-1", "&channel=post&queue=none"])
async def test_the_file_is_the_screen_cell_by_cell(ear: Ear, manager: Manager, query: str) -> None:
    await some_of_everything(ear)
    asked = f"from=2026-01&to=2026-02{query}"
    shown = await manager.sees(asked)
    status, kind, text = await manager.asks(f"{asked}&format=csv")
    assert (status, kind) == (200, "text/csv")
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    figures = [
        *(("queue", each) for each in shown["rows"]),
        *(("channel", each) for each in shown["channels"]),
        ("all", shown["totals"]),
    ]
    for line, (of, figure) in zip(lines, figures, strict=True):
        assert line == {"of": of, **{name: "" if cell is None else str(cell) for name, cell in figure.items()}}


async def test_the_file_is_had_by_accept_too_and_format_goes_first(manager: Manager) -> None:
    months = "from=2026-01&to=2026-02"
    assert (await manager.asks(months, Accept="text/csv"))[1] == "text/csv"
    assert (await manager.asks(months, Accept="text/csv;q=0.1, application/json"))[1] == "application/json"
    assert (await manager.asks(f"{months}&format=json", Accept="text/csv"))[1] == "application/json"


async def test_the_sums_of_the_rows_are_the_totals(ear: Ear, manager: Manager) -> None:
    await some_of_everything(ear)
    told = await manager.sees()
    for name in COUNTS:
        assert (
            sum(each[name] for each in told["rows"])
            == sum(each[name] for each in told["channels"])
            == told["totals"][name]
        )
    for each in (*told["rows"], *told["channels"], told["totals"]):
        assert each["received"] == sum(cells(each, "met", "breached", "running", "no_promise"))


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("to=2026-01", "query.from"),
        ("from=2026-13&to=2026-12", "query.from"),
        ("from=2026-1&to=2026-12", "query.from"),
        ("from=٢٠٢٦-01&to=2026-12", "query.from"),
        ("from=2026-02&to=2026-01", "query.to"),
        ("from=2006-02&to=2016-02", "query.to"),
        ("from=2014-02&to=2016-02&by=week", "query.to"),
        ("from=2026-01&to=2026-01&by=day", "query.by"),
        ("from=2026-01&to=2026-01&channel=pigeon", "query.channel"),
        ("from=2026-01&to=2026-01&of=me", "query.of"),
    ],
)
async def test_what_cannot_be_asked_is_told_with_its_place(manager: Manager, query: str, where: str) -> None:
    status, _, problem = await manager.asks(query)
    assert (status, [fault["where"] for fault in problem["faults"]]) == (422, [where])


async def test_figures_are_for_those_who_answer_for_them(manager: Manager) -> None:
    months = "from=1900-01&to=1909-12"
    for role in (Role.MANAGER, Role.HEAD_OF_SERVICE, Role.ADMINISTRATOR, Role.AUDITOR):
        assert (await manager.asks(months, role))[0] == 200
    for role in (Role.ADVISER, Role.OFFICER, Role.PARTNER):
        assert (await manager.asks(months, role))[0] == 403
    assert (await manager.asks("from=2099-01&to=2099-12"))[0] == 200


async def test_how_many_months_are_counted_at_once_depends_on_the_period(manager: Manager) -> None:
    """Whoever asks for too many weeks is told what would do."""
    for months in ("from=2006-02&to=2016-01", "from=2014-02&to=2016-01&by=week"):
        assert (await manager.asks(months))[0] == 200
    _, _, problem = await manager.asks("from=2014-02&to=2016-02&by=week")
    assert problem["faults"][0]["why"] == (
        "by week no more than 24 months are counted at once: write a month at most 23 after from, or leave out by"
    )
