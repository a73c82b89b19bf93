"""Triage that learns: trained from what routing heard, shown beside what the rules decided."""

import asyncio
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli import triage
from services.cli.commands import app
from services.routing import timers
from services.routing.store.learning import Version, keep_model
from shared.vocabulary import Presence, QueueId, new_id
from shared.work import Work, Workshop
from tests.builders import ADA, MORNING, Ear, a_cause, a_resolution, an_enquiry_received
from tests.integration.offering import TASKS, be, council_of, rows
from tests.integration.routing.history import LAST_YEAR, a_release, an_enquiry_imported, an_import
from tests.integration.routing.people import People
from tests.parts.councils import anytown

WEIGHTS = {
    "queues": ["highways", "waste", "long-gone", "council-tax"],
    "bases": [0.0, 0.0, 0.5, -1.0],
    "weights": [[[["word", "hole"]], [[0, 2.0], [1, 0.5]]], [[["channel", "web"]], [[1, 1.0]]]],
}


HOUR = timedelta(hours=1)
HELD_BACK = "SELECT held_back::text FROM models ORDER BY version"


async def held_back(workshop: Workshop) -> list[Any]:
    return [json.loads(row["held_back"]) for row in await rows(workshop, HELD_BACK)]


async def stands(workshop: Workshop, weights: dict[str, Any]) -> int:
    async def keep(work: Work) -> int:
        kept = Version(
            model_id=new_id(),
            author="joan",
            trained_at=work.now,
            until=work.now,
            examples=99,
            held_back=None,
            weights=weights,
        )
        return await keep_model(work.db, kept)

    return await workshop.run([], keep, a_cause())


async def history_of(ear: Ear, how_many: int, takes: timedelta = HOUR) -> None:
    """
    Bins of the hill go to highways and those of the shore to waste, as a person in the older system decided.

    One came each hour.
    """
    import_id = an_import()
    for number in range(how_many):
        area, queue = [("Hill", "highways"), ("Shore", "waste")][number % 2]
        received_at = LAST_YEAR + number * HOUR
        await ear.hears(
            an_enquiry_imported(
                import_id,
                title="My bin was not emptied",
                service_code="524",
                area=area,
                queue_id=QueueId(queue),
                received_at=received_at,
                resolved_at=received_at + takes,
            )
        )


def accesspoint(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output + str(result.exception or "")


async def on_the_command_line(database: str, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str]:
    """In a thread, as each command has a loop of its own."""
    monkeypatch.setenv("ACCESSPOINT_DATABASE_URL", database)
    monkeypatch.setenv("COLUMNS", "200")
    return await asyncio.to_thread(accesspoint, *arguments)


async def test_suggestions_stand_beside_a_task_and_move_nothing(ear: Ear, workshop: Workshop, people: People) -> None:
    await stands(workshop, WEIGHTS)
    await ear.hears(an_enquiry_received(title="A hole", text="Hello.", service_code="57"))
    [task] = await rows(workshop, TASKS)
    assert (task["queue_id"], task["reason"][:12]) == ("council-tax", "Service code")
    shown = (await people.get("mia", f"/tasks/{task['task_id']}"))["suggestions"]
    assert [(each["queue_id"], each["because"]) for each in shown] == [
        ("highways", ["it says 'hole'"]),
        ("waste", ["it came by web", "it says 'hole'"]),
        ("council-tax", ["nothing speaks for it, and yet it is among the likeliest"]),
    ]
    assert all(each["name"] for each in shown)
    assert 0.4 < shown[0]["share"] < 1 > sum(each["share"] for each in shown)
    [listed] = (await people.get("mia", "/tasks"))["tasks"]
    assert listed["suggestions"] == shown


async def test_whoever_is_offered_a_task_sees_them_too(ear: Ear, workshop: Workshop, people: People) -> None:
    await stands(workshop, WEIGHTS)
    await ear.hears(an_enquiry_received(title="A question", text="Hello."))
    await be(workshop, Presence.READY, ADA)
    await timers.choose(workshop)
    [offer] = (await people.get("ada", "/offers"))["offers"]
    assert offer["suggestions"][0]["queue_id"] == "waste"


async def test_without_a_model_there_are_none(ear: Ear, workshop: Workshop, people: People) -> None:
    await ear.hears(an_enquiry_received(title="A hole"))
    [task] = (await people.get("mia", "/tasks"))["tasks"]
    assert task["suggestions"] == []


async def test_a_model_of_an_older_council_suggests_only_queues_that_are_open(
    ear: Ear, workshop: Workshop, people: People
) -> None:
    await stands(workshop, WEIGHTS)
    await ear.hears(an_enquiry_received(title="A hole", text="Hello."))
    [task] = (await people.get("mia", "/tasks"))["tasks"]
    assert [each["queue_id"] for each in task["suggestions"]] == ["highways", "waste", "council-tax"]
    await council_of(workshop, anytown().replace('"highways"', '"roads"'))
    [task] = (await people.get("mia", "/tasks"))["tasks"]
    assert [each["queue_id"] for each in task["suggestions"]] == ["waste", "council-tax"]


async def test_held_tasks_have_suggestions_once_they_are_queued(ear: Ear, workshop: Workshop, people: People) -> None:
    await stands(workshop, WEIGHTS)
    event = an_enquiry_imported(queue_id=None, service_code="57")
    await ear.hears(event)
    await ear.hears(a_release(event.import_id))
    await timers.release(workshop)
    [task] = (await people.get("mia", "/tasks"))["tasks"]
    assert (task["queue_id"], task["suggestions"][0]["queue_id"]) == ("council-tax", "highways")


async def test_the_last_model_stands(ear: Ear, workshop: Workshop, people: People) -> None:
    await stands(workshop, WEIGHTS)
    await ear.hears(an_enquiry_received(title="A hole", text="Hello."))
    assert await stands(workshop, {"queues": ["general"], "bases": [0.0], "weights": []}) == 2
    await ear.hears(an_enquiry_received(title="A hole", text="Hello."))
    tasks = (await people.get("mia", "/tasks"))["tasks"]
    assert sorted(task["suggestions"][0]["queue_id"] for task in tasks) == ["general", "highways"]


async def test_training_learns_what_people_decided_and_advisers_see_it(
    ear: Ear, workshop: Workshop, people: People, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await history_of(ear, 80)
    code, told = await on_the_command_line(database, monkeypatch, "triage", "train", "--author", "joan")
    assert (code, "Version 1 stands, learned from 80 examples of 2 queues." in told) == (0, True), told
    await ear.hears(an_enquiry_received(title="My bin", service_code="524", place="Mill Lane, Shore"))
    [task] = (await people.get("mia", "/tasks"))["tasks"]
    [best, *_] = task["suggestions"]
    assert best["queue_id"] == "waste"
    assert "the service code is 524 and it is in Shore" in best["because"]
    _, listed = await on_the_command_line(database, monkeypatch, "triage", "list")
    assert all(each in listed for each in ("joan", "80", "100.0% / 100.0%"))


async def test_a_version_keeps_how_it_did_on_the_latest_with_titles_and_without(
    ear: Ear, workshop: Workshop, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await history_of(ear, 80)
    for options in ([], ["--without-titles"]):
        code, told = await on_the_command_line(database, monkeypatch, "triage", "train", "--author", "joan", *options)
        assert (code, "100.0% / 100.0% without titles" in told) == (0, True), told
        assert ("100.0% / 100.0% with titles" in told) is not bool(options)
    began, right = (LAST_YEAR + 64 * HOUR).isoformat(), {"first": 16, "in_three": 16}
    both, careful = await held_back(workshop)
    assert both == {"from": began, "enquiries": 16, "with_titles": right, "without_titles": right}
    assert careful == {"from": began, "enquiries": 16, "without_titles": right}
    learned, without = await rows(workshop, "SELECT weights::text FROM models ORDER BY version")
    assert '"word"' in learned["weights"]
    assert '"word"' not in without["weights"]


async def test_where_too_few_were_resolved_before_the_latest_came_it_is_said_that_nothing_was_tested(
    ear: Ear, workshop: Workshop, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await history_of(ear, 80, takes=timedelta(days=9))
    code, told = await on_the_command_line(database, monkeypatch, "triage", "train", "--author", "joan")
    assert (code, "Not tested: fewer than 50 were resolved" in told, "Version 1 stands" in told) == (0, True, True), (
        told
    )
    assert await held_back(workshop) == [None]
    _, listed = await on_the_command_line(database, monkeypatch, "triage", "list")
    assert "not tested" in listed


async def test_an_evaluation_looks_at_what_came_before_its_end_however_much_came_since(
    ear: Ear, workshop: Workshop, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await history_of(ear, 160)
    monkeypatch.setattr(triage, "MOST", 140)
    out = tmp_path / "new" / "page.md"
    days = [f"{LAST_YEAR + timedelta(days=days):%Y-%m-%d}" for days in (3, 6)]
    asked = ("triage", "evaluate", "--train-until", days[0], "--test-until", days[1], "--out", str(out))
    code, told = await on_the_command_line(database, monkeypatch, *asked)
    assert code == 0, told
    counts = [line for line in out.read_text().splitlines() if "to learn from, " in line]
    assert [line.partition(";")[0] for line in counts] == [
        "61 examples to learn from, 72 to be tested on",
        "62 examples to learn from, 72 to be tested on",
    ]
    assert await rows(workshop, "SELECT * FROM models") == []


async def test_an_evaluation_that_could_test_nothing_says_why(
    ear: Ear, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await history_of(ear, 80)
    first = f"{LAST_YEAR + timedelta(days=3):%Y-%m-%d}"
    for last, why in (
        (first, "write a later day for --test-until"),
        ("2026-03-01", "There are 18 examples to test on"),
    ):
        asked = ("triage", "evaluate", "--train-until", first, "--test-until", last)
        code, told = await on_the_command_line(database, monkeypatch, *asked)
        assert (code, why in told) == (1, True), told


async def test_where_nobody_took_it_or_put_it_a_queue_teaches_nothing(
    ear: Ear, workshop: Workshop, people: People
) -> None:
    """Else triage would learn what its own rules have guessed."""
    untouched, picked = (an_enquiry_received(title="A question", text="Hello.") for _ in range(2))
    for event in (untouched, picked):
        await ear.hears(event)
    [task_id] = [each["task_id"] for each in await rows(workshop, TASKS) if each["enquiry_id"] == picked.enquiry_id]
    await people.do("ada", "pick", task_id)
    for event in (untouched, picked):
        await ear.hears(a_resolution(event.enquiry_id))
    found = {row["enquiry_id"]: row["queue_id"] for row in await rows(workshop, "SELECT * FROM examples")}
    assert found == {untouched.enquiry_id: None, picked.enquiry_id: "general"}


async def test_too_few_examples_teach_nothing(
    ear: Ear, workshop: Workshop, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await history_of(ear, 4)
    code, told = await on_the_command_line(database, monkeypatch, "triage", "train", "--author", "joan")
    assert (code, "There are 4 examples" in told) == (1, True), told
    assert await rows(workshop, "SELECT * FROM models") == []


async def test_a_training_until_a_day_learns_nothing_that_was_resolved_later(
    ear: Ear, workshop: Workshop, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await history_of(ear, 60)
    for _ in range(20):
        await ear.hears(an_enquiry_imported(resolved_at=MORNING, queue_id=QueueId("council-tax")))
    day = f"{MORNING:%Y-%m-%d}"
    code, told = await on_the_command_line(database, monkeypatch, "triage", "train", "--author", "joan", "--until", day)
    assert (code, "learned from 60 examples of 2 queues" in told) == (0, True), told


def test_no_service_imports_what_trains() -> None:
    """What learns takes a second and a hundred megabytes: only the command does, when it is asked to."""
    looked = "import sys, services.cli.commands; print('sklearn' in sys.modules or 'numpy' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
