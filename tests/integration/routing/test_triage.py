"""Triage: by service code, then by keywords; what fits nothing goes to the general queue; always with a reason."""

from typing import Any

import pytest

from services.routing import timers
from services.routing.store import enquiries as store
from shared.contracts.crm import EnquiryClassified, EnquiryResumed
from shared.contracts.routing import TaskQueued
from shared.vocabulary import EnquiryId, Outcome, Presence
from shared.work import Workshop
from tests.builders import ADA, Ear, a_resolution, an_enquiry_id, an_enquiry_received, said_by
from tests.integration.offering import BROKEN, TASKS, be, council_of, heard_of, rows
from tests.integration.routing.people import People
from tests.parts.councils import anytown

SET_ASIDE = "SELECT state, why FROM set_aside"


async def placed(ear: Ear, workshop: Workshop, **fields: Any) -> tuple[str, str]:
    """Queue and reason of the one task of an enquiry that says this."""
    event = an_enquiry_received(**{"title": "Hello", "text": "I have a question.", **fields})
    await ear.hears(event)
    [task] = [each for each in await rows(workshop, TASKS) if each["enquiry_id"] == event.enquiry_id]
    return task["queue_id"], task["reason"]


def a_classification(enquiry_id: EnquiryId, service_code: str) -> EnquiryClassified:
    return EnquiryClassified(enquiry_id=enquiry_id, service_code=service_code, adviser_id=ADA)


async def test_a_service_code_decides(ear: Ear, workshop: Workshop) -> None:
    queue, reason = await placed(ear, workshop, service_code="564", title="My bin was not emptied")
    assert (queue, reason) == ("highways", "Service code 564 is Street lighting, which belongs to this queue.")


@pytest.mark.parametrize(
    ("title", "text", "queue", "keyword"),
    [
        ("Potholes!", "There are several in our street.", "highways", "pothole"),
        ("Bins", "Nobody came. They were not emptied for two weeks.", "waste", "not emptied"),
        ("The street lights are out", "All of them.", "highways", "street light"),
        ("A question", "Which band is my house in for the council tax?", "council-tax", "council tax"),
        ("Dŵr", "There is a burst pipe and a water leak in Heol Fawr.", "water-company", "burst pipe"),
        ("Hello", "I would like to speak about Refuse Collection please", "waste", "refuse collection"),
    ],
)
async def test_without_a_code_keywords_decide_by_their_stems_and_the_reason_names_them(
    ear: Ear, workshop: Workshop, title: str, text: str, queue: str, keyword: str
) -> None:
    found, reason = await placed(ear, workshop, title=title, text=text)
    assert (found, f"'{keyword}'" in reason) == (queue, True), reason


async def test_a_code_that_nobody_knows_leaves_the_decision_to_the_words(ear: Ear, workshop: Workshop) -> None:
    assert await placed(ear, workshop, service_code="99999", title="A pothole") == (
        "highways",
        "It says 'pothole', as Potholes and road repairs does, which belongs to this queue.",
    )


async def test_what_fits_nothing_goes_to_the_general_queue(ear: Ear, workshop: Workshop) -> None:
    queue, reason = await placed(ear, workshop)
    assert (queue, reason.split(",")[0]) == ("general", "No service code was given")
    queue, reason = await placed(ear, workshop, service_code="99999")
    assert (queue, "99999" in reason) == ("general", True)


async def test_keywords_are_found_in_any_language_as_they_are_written(ear: Ear, workshop: Workshop) -> None:
    welsh = anytown().replace('keywords = ["bin",', 'keywords = ["sbwriel", "y bin", "bin",')
    await council_of(workshop, welsh)
    queue, reason = await placed(ear, workshop, title="Sbwriel heb ei gasglu")
    assert (queue, "'sbwriel'" in reason) == ("waste", True)


async def test_the_general_queue_is_the_one_the_council_names(ear: Ear, workshop: Workshop) -> None:
    file = anytown().replace('code = "general"', 'code = "front-desk"').replace('"general"', '"front-desk"')
    await council_of(workshop, file)
    assert (await placed(ear, workshop))[0] == "front-desk"


async def kept_in(workshop: Workshop, word: str) -> list[str]:
    """The tables in which it occurs."""
    async with workshop.reading() as db:
        tables = [row[0] for row in await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'routing'")]
        return [
            each
            for each in tables
            if await db.fetch(f"SELECT true FROM {each} t WHERE t::text ILIKE '%' || $1 || '%'", word)
        ]


async def test_of_what_the_citizen_wrote_only_single_words_of_title_and_place_are_kept(
    ear: Ear, workshop: Workshop
) -> None:
    await placed(
        ear,
        workshop,
        title="Zanzibar pothole, ring 01632-960123 or zoe@example.org, says Quillfeather",
        text="My name is Xanthippe",
        place="12B Wobble Lane",
        citizen_name="Zoe Quillfeather",
    )
    assert await kept_in(workshop, "zanzibar") == await kept_in(workshop, "wobble") == ["examples"]
    for never in ("xanthippe", "quillfeather", "zoe", "example.org", "960123", "12b", "zanzibar pothole"):
        assert await kept_in(workshop, never) == [], never
    [example] = await rows(workshop, "SELECT * FROM examples")
    assert list(example["words"]) == ["pothole", "ring", "says", "zanzibar"]


async def test_what_was_resolved_at_first_contact_makes_no_task(ear: Ear, workshop: Workshop) -> None:
    event = an_enquiry_received(outcome=Outcome.RESOLVED_AT_FIRST_CONTACT)
    await ear.hears(event)
    await ear.hears(a_resolution(event.enquiry_id))
    assert (await rows(workshop, TASKS), await heard_of(workshop), await rows(workshop, SET_ASIDE)) == ([], [], [])


async def test_the_office_of_the_queue_is_said(ear: Ear, workshop: Workshop) -> None:
    await placed(ear, workshop, service_code="drains")
    [spoken] = await said_by(workshop)
    assert TaskQueued.model_validate(spoken.data).office == "partner"


async def test_a_classified_enquiry_moves_to_the_queue_of_its_service_and_keeps_its_place(
    ear: Ear, workshop: Workshop
) -> None:
    event = an_enquiry_received(title="A question", text="It is about my house.")
    await ear.hears(event)
    await be(workshop, Presence.READY, ADA)
    await timers.choose(workshop)
    [before] = await rows(workshop, TASKS)
    await ear.hears(a_classification(event.enquiry_id, "557"))
    [after] = await rows(workshop, TASKS)
    assert (before["state"], after["state"], after["queue_id"]) == ("offered", "waiting", "highways")
    assert after["enqueued_at"] == before["enqueued_at"]
    assert await rows(workshop, BROKEN) == []
    moved = (await said_by(workshop))[-1]
    assert (moved.name, moved.data["kind"], moved.data["from_queue_id"]) == (
        "task.transferred",
        "reclassified",
        "general",
    )


async def test_an_assigned_task_stays_when_its_enquiry_is_classified(ear: Ear, workshop: Workshop) -> None:
    event = an_enquiry_received(title="A question", text="It is about my house.")
    await ear.hears(event)
    async with workshop.database.transaction() as db:
        await db.execute("UPDATE tasks SET state = 'assigned', assigned_to = 'ada'")
        await db.execute("UPDATE slots SET task_id = (SELECT task_id FROM tasks), part = 1 WHERE adviser_id = 'ada'")
    await ear.hears(a_classification(event.enquiry_id, "557"))
    [task] = await rows(workshop, TASKS)
    assert (task["queue_id"], task["state"]) == ("general", "assigned")
    assert await heard_of(workshop) == ["task.queued"]


async def test_a_task_that_is_returned_goes_where_its_enquiry_has_been_classified_to(
    ear: Ear, workshop: Workshop, people: People
) -> None:
    event = an_enquiry_received(title="A question", text="It is about my house.")
    await ear.hears(event)
    [task] = await rows(workshop, TASKS)
    await people.do("ada", "pick", task["task_id"])
    await ear.hears(a_classification(event.enquiry_id, "557"))
    moved = await people.do("ada", "return", task["task_id"], note="It is a pothole.")
    assert (moved["queue_id"], moved["came_from"]) == ("highways", "general")
    assert moved["reason"] == "Service code 557 is Potholes and road repairs, which belongs to this queue."
    await people.do("isambard", "pick", task["task_id"])
    back = await people.do("isambard", "return", task["task_id"], note="It is not.")
    assert (back["queue_id"], back["reason"]) == ("general", "Returned by isambard.")


@pytest.mark.parametrize(("service_code", "queue"), [("557", "highways"), ("99999", "general")])
async def test_a_further_task_waits_where_the_enquiry_has_been_classified_to_meanwhile(
    ear: Ear, workshop: Workshop, people: People, service_code: str, queue: str
) -> None:
    event = an_enquiry_received(title="A question", text="It is about my house.")
    await ear.hears(event)
    [task] = await rows(workshop, TASKS)
    await people.do("ada", "pick", task["task_id"])
    await ear.hears(a_classification(event.enquiry_id, service_code))
    await people.do("ada", "complete", task["task_id"])
    await ear.hears(EnquiryResumed(enquiry_id=event.enquiry_id, adviser_id=ADA))
    [again] = [each for each in await rows(workshop, TASKS) if each["state"] == "waiting"]
    assert (again["queue_id"], again["triaged"]) == (queue, True)


async def test_a_classification_waits_for_its_enquiry(ear: Ear, workshop: Workshop) -> None:
    enquiry_id = an_enquiry_id()
    await ear.hears(a_classification(enquiry_id, "557"))
    await ear.hears(an_enquiry_received(enquiry_id, title="A question", text="It is about my house."))
    await ear.tends()
    [task] = await rows(workshop, TASKS)
    assert (task["queue_id"], await rows(workshop, SET_ASIDE)) == ("highways", [])


async def test_triage_is_quick_with_the_keywords_of_a_large_council(workshop: Workshop) -> None:
    """A thousand council services with ten keywords each, and a letter of a thousand words."""
    async with workshop.database.transaction() as db:
        await db.execute(
            "INSERT INTO catalogue SELECT 'many-' || n, 'Many', 'general', '{}' FROM generate_series(1, 1000) n"
        )
        await db.execute(
            "INSERT INTO keywords SELECT 'many-' || n, 'word' || m || ' of ' || n, query_of('word' || m || ' of ' || n)"
            "  FROM generate_series(1, 1000) n, generate_series(1, 10) m"
        )
        letter = " ".join(f"something{n} else" for n in range(500))
        plan = await db.fetch(f"EXPLAIN (ANALYZE, FORMAT TEXT) {store.MATCHES}", "A pothole", letter)
    milliseconds = float(plan[-1][0].split()[2])
    assert milliseconds < 200, plan


MAILBOX = "It was written to the mailbox of this queue."


@pytest.mark.parametrize(
    ("fields", "queue", "reason"),
    [
        ({"title": "A question"}, "waste", MAILBOX),
        ({"title": "A pothole"}, "waste", MAILBOX),
        ({"service_code": "99999", "title": "A pothole"}, "waste", MAILBOX),
        ({"service_code": "564"}, "highways", "Service code 564 is Street lighting, which belongs to this queue."),
    ],
)
async def test_a_mail_goes_to_its_mailboxs_queue_unless_its_service_has_another(
    ear: Ear, workshop: Workshop, fields: dict[str, Any], queue: str, reason: str
) -> None:
    assert await placed(ear, workshop, queue_id="waste", channel="email", **fields) == (queue, reason)


async def test_a_mailbox_whose_queue_nobody_knows_or_was_given_up_keeps_no_mail_waiting(
    ear: Ear, workshop: Workshop
) -> None:
    """An older council file may have named it."""
    queue, reason = await placed(ear, workshop, queue_id="allotments", title="A pothole")
    assert (queue, reason) == (
        "general",
        "It was written to the mailbox of a queue allotments, which the council file does not have.",
    )
    async with workshop.database.transaction() as db:
        await db.execute("UPDATE queues SET closed = true WHERE queue_id = 'waste'")
    queue, reason = await placed(ear, workshop, queue_id="waste", title="A pothole")
    assert (queue, "no longer a queue of the council" in reason) == ("general", True)
    assert await rows(workshop, SET_ASIDE) == []


async def test_a_task_by_its_mailbox_moves_with_a_classification_like_any_that_nobody_has_placed(
    ear: Ear, workshop: Workshop
) -> None:
    event = an_enquiry_received(queue_id="waste", title="A question", text="It is about my house.")
    await ear.hears(event)
    await ear.hears(a_classification(event.enquiry_id, "557"))
    [task] = await rows(workshop, TASKS)
    assert (task["queue_id"], task["triaged"]) == ("highways", True)


async def test_what_a_mail_quotes_is_not_what_its_writer_says(ear: Ear, workshop: Workshop) -> None:
    queue, _ = await placed(ear, workshop, quoted="> There is a pothole.")
    assert queue == "general"
    assert await kept_in(workshop, "pothole.") == []
