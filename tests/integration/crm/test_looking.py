"""Looking at enquiries and citizens: page by page, quickly, and never unseen."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from services.crm.store import citizens, enquiries, timeline
from shared.contracts.intake import Attachment
from shared.db import Connection
from shared.vocabulary import ContactId, EnquiryId, FileId, Reference, Role, new_id
from shared.work import Workshop
from tests.builders import MORNING, Ear, an_enquiry_id, an_enquiry_received
from tests.integration.crm.desk import CITIZENS, Desk, rows
from tests.integration.crm.events import a_further_contact

ACCESSES = "SELECT * FROM accesses ORDER BY occurred_at, access_id"


async def citizen_of(desk: Desk, enquiry_id: EnquiryId) -> str:
    return str((await desk.reads(f"/{enquiry_id}"))[1]["citizen"]["citizen_id"])


async def test_everybody_who_looks_at_a_record_is_written_down(
    desk: Desk, enquiry_id: EnquiryId, workshop: Workshop
) -> None:
    await desk.reads(f"/{enquiry_id}?why=The+citizen+rang", name="ada")
    await desk.reads("?state=open", name="mia", role=Role.MANAGER)
    await desk.reads(f"/{an_enquiry_id()}")
    found = [(row["who"], row["what"], row["why"], row["enquiry_id"]) for row in await rows(workshop, ACCESSES)]
    assert found == [
        ("adviser/ada", "record", "The citizen rang", enquiry_id),
        ("manager/mia", "list", None, enquiry_id),
    ]


async def test_p20_every_look_at_a_citizen_is_written_down(ear: Ear, desk: Desk, workshop: Workshop) -> None:
    event = an_enquiry_received(citizen_name="Ann Lee", citizen_email="ann@example.org", citizen_telephone="01482 1234")
    await ear.hears(event)
    similar = an_enquiry_received(citizen_telephone="01482 1234")
    await ear.hears(similar)
    ann = await citizen_of(desk, event.enquiry_id)
    await desk.gets(f"{CITIZENS}/{ann}?why=She+rang")
    await desk.gets(f"{CITIZENS}/{ann}/timeline?limit=2")
    await desk.gets(f"{CITIZENS}?email=ann@example.org", name="bob")
    await desk.gets(f"{CITIZENS}?email=nobody@example.org")
    await desk.reads(f"/{similar.enquiry_id}")
    found = [(row["who"], row["what"], row["why"], str(row["citizen_id"])) for row in await rows(workshop, ACCESSES)]
    assert found == [
        ("adviser/ada", "record", None, ann),
        ("adviser/ada", "citizen", "She rang", ann),
        ("adviser/ada", "timeline", None, ann),
        ("adviser/bob", "search", None, ann),
        ("adviser/ada", "record", None, "None"),
        ("adviser/ada", "suggestion", None, ann),
    ]


@pytest.mark.parametrize(
    ("query", "status", "many"),
    [
        ("email=ANN@example.org", 200, 1),
        ("email=ann@example.org&surname=Lee", 200, 1),
        ("email=ann@example.org&surname=Smith", 200, 0),
        ("telephone=%2B441482123456&surname=LEE", 200, 1),
        ("telephone=01482/123456&surname=Smith", 200, 0),
        ("uprn=1000123&surname=lee", 200, 1),
        ("uprn=999&surname=lee", 200, 0),
        ("email=ann@example.org&telephone=01482999999", 200, 0),
        ("telephone=01482123456", 422, 0),
        ("surname=Lee", 422, 0),
        ("email=nonsense", 422, 0),
        ("", 422, 0),
    ],
)
async def test_citizens_are_searched_by_what_they_are_known_by(
    ear: Ear, desk: Desk, query: str, status: int, many: int
) -> None:
    event = an_enquiry_received(
        citizen_name="Ann Lee",
        citizen_email="ann@example.org",
        citizen_telephone="01482 123456",
        citizen_uprn="1000123",
    )
    await ear.hears(event)
    found, shown = await desk.gets(f"{CITIZENS}?{query}")
    assert (found, len(shown.get("citizens", []))) == (status, many), shown


async def test_a_citizens_timeline_tells_of_all_their_enquiries_page_by_page(ear: Ear, desk: Desk) -> None:
    """Many things happened in the same moment; each is shown once, the newest first."""
    asked = []
    for hour in (0, 1, 1, 2):
        event = an_enquiry_received(citizen_email="ann@example.org", received_at=MORNING + timedelta(hours=hour))
        await ear.hears(event)
        await ear.hears(a_further_contact(event.enquiry_id, at=MORNING + timedelta(hours=1)))
        asked.append(event)
    await ear.hears(an_enquiry_received(citizen_email="bob@example.org"))
    ann = await citizen_of(desk, asked[0].enquiry_id)
    lines: list[Any] = []
    after = ""
    while True:
        _, shown = await desk.gets(f"{CITIZENS}/{ann}/timeline?limit=3{after}")
        lines += shown["lines"]
        if shown["after"] is None:
            break
        after = f"&after={shown['after']}"
    assert len(lines) == 12
    assert len({(line["enquiry_id"], line["entry"]["kind"]) for line in lines}) == 12
    moments = [line["entry"]["occurred_at"] for line in lines]
    assert moments == sorted(moments, reverse=True)
    texts = {line["contact"]["text"] for line in lines if line["entry"]["kind"] == "contacted"}
    assert texts == {"It is still dark."}
    assert all((line["contact"] is None) == (line["entry"]["kind"] == "identified") for line in lines)


async def test_a_citizens_timeline_shows_the_files_of_each_contact_with_the_enquiry_they_came_for(
    ear: Ear, desk: Desk
) -> None:
    contact_id = ContactId(new_id())
    events = [
        an_enquiry_received(
            contact_id=contact_id,
            title=title,
            citizen_email="ann@example.org",
            attachments=(Attachment(file_id=FileId(new_id()), name=f"{title}.jpg", media_type="image/jpeg", size=3),),
        )
        for title in ("Lamp", "Bin")
    ]
    for event in events:
        await ear.hears(event)
    _, shown = await desk.gets(f"{CITIZENS}/{await citizen_of(desk, events[0].enquiry_id)}/timeline")
    files = {
        (line["title"], file["name"])
        for line in shown["lines"]
        if line["contact"] is not None
        for file in line["contact"]["attachments"]
    }
    assert files == {("Lamp", "Lamp.jpg"), ("Bin", "Bin.jpg")}


@pytest.mark.parametrize(
    "typed", ["ANY-7K3M-9QPX-2RA1", "7k3m 9qpx 2rai", "any7k3m9qpx2ral", "OLD 7K3M–9QPX–2RA1", " 7K3M.9QPX.2RA1 "]
)
async def test_an_enquiry_is_found_by_its_reference_however_it_is_typed(
    ear: Ear, desk: Desk, workshop: Workshop, typed: str
) -> None:
    event = an_enquiry_received(reference=Reference("ANY-7K3M-9QPX-2RA1"))
    await ear.hears(event)
    await ear.hears(an_enquiry_received())
    await desk.posts(f"/{event.enquiry_id}/resolution", {"resolution": "done"}, 1)
    status, shown = await desk.reads(f"?{urlencode({'reference': typed})}")
    assert (status, [each["enquiry_id"] for each in shown["enquiries"]]) == (200, [str(event.enquiry_id)])
    assert shown["after"] is None
    [access] = await rows(workshop, ACCESSES)
    assert (access["who"], access["what"], access["enquiry_id"]) == ("adviser/ada", "search", event.enquiry_id)
    _, shown = await desk.reads(f"?{urlencode({'reference': typed, 'state': 'open'})}")
    assert shown["enquiries"] == []


@pytest.mark.parametrize("typed", ["ANY", "ANY-7K3M-9QPX", "7K3M-9QPX-2RA1-7", "☎☎☎☎☎☎☎☎☎☎☎☎", "%00"])
async def test_what_is_no_reference_is_told(desk: Desk, typed: str) -> None:
    assert (await desk.reads(f"?reference={typed}"))[0] in (400, 422)


async def test_a_citizen_is_shown_with_what_goes_on(ear: Ear, desk: Desk) -> None:
    events = [an_enquiry_received(citizen_email="ann@example.org", title=title) for title in ("Lamp", "Bin")]
    for event in events:
        await ear.hears(event)
    await desk.posts(f"/{events[0].enquiry_id}/resolution", {"resolution": "done"}, 1)
    status, shown = await desk.gets(f"{CITIZENS}/{await citizen_of(desk, events[1].enquiry_id)}")
    assert (status, [each["title"] for each in shown["enquiries"]]) == (200, ["Bin"])
    assert (await desk.gets(f"{CITIZENS}/{new_id()}"))[0] == 404
    assert (await desk.gets(f"{CITIZENS}/{new_id()}/timeline"))[0] == 404


@pytest.mark.parametrize("after", ["1", "x.y", "1.1.1", "99999999999999999.1"])
async def test_a_place_that_no_page_gave_is_told(desk: Desk, after: str) -> None:
    assert (await desk.gets(f"{CITIZENS}/{new_id()}/timeline?after={after}"))[0] == 422


async def test_lists_go_on_where_they_ended_and_show_each_enquiry_once(ear: Ear, desk: Desk) -> None:
    """Two enquiries that came in the same moment do not hide each other."""
    expected = []
    for number in range(7):
        event = an_enquiry_received(received_at=MORNING + timedelta(seconds=number // 2))
        await ear.hears(event)
        expected.append((event.received_at, str(event.enquiry_id)))
    found: list[str] = []
    after = ""
    while True:
        _, shown = await desk.reads(f"?state=open&limit=3{after}")
        found += [line["enquiry_id"] for line in shown["enquiries"]]
        if shown["after"] is None:
            break
        after = f"&after={shown['after']}"
    assert found == [enquiry_id for _, enquiry_id in sorted(expected, reverse=True)]
    assert (await desk.reads(f"?after={new_id()}"))[0] == 404


MANY = """
WITH people AS (
    INSERT INTO citizens (citizen_id, name, surname, surname_key, known_since)
    SELECT gen_random_uuid(), 'Ann ' || n, 'Lee', 'lee', $1 FROM generate_series(1, 5000) AS n
    RETURNING citizen_id, name
), known AS (
    INSERT INTO identifiers (identifier_id, citizen_id, kind, value, normalised, evidence, source, valid_from)
    SELECT gen_random_uuid(), citizen_id, 'email', name, name, 'claimed', 'contact/1', $1 FROM people
), asked AS (
    INSERT INTO enquiries (enquiry_id, reference, title, text, channel, received_at, citizen_id, identified_by)
    SELECT gen_random_uuid(), 'ANY-' || citizen_id, 'T', 'T', 'web', $1, citizen_id, 'email' FROM people
    RETURNING enquiry_id, citizen_id
), contacted AS (
    INSERT INTO contacts (contact_id, channel, point, direction, started_at)
    SELECT enquiry_id, 'web', 'form', 'inbound', $1 FROM asked
), about AS (
    INSERT INTO contact_enquiries (contact_id, enquiry_id, outcome) SELECT enquiry_id, enquiry_id, 'received' FROM asked
)
INSERT INTO timeline (entry_id, enquiry_id, citizen_id, contact_id, kind, occurred_at, recorded_at, actor)
SELECT gen_random_uuid(), enquiry_id, citizen_id, enquiry_id, 'noted', $1::timestamptz + n * interval '1 second', $1,
       'adviser/ada'
  FROM asked, generate_series(1, 10) AS n
"""
FILLED = ("citizens", "identifiers", "enquiries", "contacts", "contact_enquiries", "timeline")


async def plan_of(db: Connection, statement: str, arguments: str) -> str:
    """As it is kept for everybody, whatever they ask for."""
    await db.execute(f"PREPARE asked AS {statement}")
    rows = await db.fetch(f"EXPLAIN EXECUTE asked ({arguments})")
    await db.execute("DEALLOCATE asked")
    return "\n".join(row[0] for row in rows)


async def test_pages_and_matches_are_read_from_an_index_however_much_is_kept(workshop: Workshop) -> None:
    async with workshop.reading() as db:
        await db.execute(MANY, MORNING)
        for table in FILLED:
            await db.execute(f"ANALYZE {table}")
        await db.execute("SET plan_cache_mode = force_generic_plan")
        page = await plan_of(db, timeline.OF_CITIZEN, f"'{new_id()}', 50, NULL, NULL")
        numbered = await plan_of(db, enquiries.WITH_NUMBER, "'7K3M-9QPX-2RA1', NULL, true, '{}'")
        match = await plan_of(db, citizens.FOUND, f"'{{email}}', '{{Ann 7}}', '{MORNING}'")
        await db.execute("RESET plan_cache_mode")
    assert "Index Scan using timeline_of_citizen" in page
    assert "identifiers_by_value" in match
    assert "enquiries_by_number" in numbered
    assert "Seq Scan" not in page + match + numbered
