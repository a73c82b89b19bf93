"""An event that comes before what it is about waits for it: at most ten minutes, and then for a person."""

from datetime import timedelta

from services.crm.app import SERVICE
from shared import setaside
from shared.work import Workshop
from tests.builders import a_workshop, an_assignment, an_ear, an_enquiry_id, an_enquiry_received
from tests.faults.letters import set_aside

LATER = timedelta(minutes=10, seconds=1)
TIMELINE = "SELECT kind FROM timeline ORDER BY recorded_at, entry_id"


async def timeline(workshop: Workshop) -> list[str]:
    async with workshop.reading() as db:
        return [row["kind"] for row in await db.fetch(TIMELINE)]


async def test_an_early_event_is_handled_when_its_subject_comes(database: str) -> None:
    enquiry_id = an_enquiry_id()
    async with a_workshop(database, SERVICE) as crm:
        ear = await an_ear(crm, SERVICE)
        await ear.hears(an_assignment(enquiry_id))
        assert [row["state"] for row in await set_aside(crm)] == ["early"]
        await ear.hears(an_enquiry_received())
        await ear.tends()
        assert [row["state"] for row in await set_aside(crm)] == ["early"], "another enquiry wakes nothing"
        await ear.hears(an_enquiry_received(enquiry_id))
        await ear.tends()
        assert await set_aside(crm) == []
        assert await timeline(crm) == ["received", "received", "assigned"]


async def test_an_early_event_is_parked_after_ten_minutes_and_a_person_may_replay_it(database: str) -> None:
    enquiry_id = an_enquiry_id()
    async with a_workshop(database, SERVICE) as crm, a_workshop(database, SERVICE, ahead=LATER) as later:
        ear = await an_ear(crm, SERVICE)
        await ear.hears(an_assignment(enquiry_id))
        await ear.tends()
        await (await an_ear(later, SERVICE)).tends()
        [row] = await set_aside(crm)
        assert (row["state"], row["waits_for"]) == ("parked", None)
        assert f"waited 10 minutes for enquiry/{enquiry_id}" in row["why"]
        await ear.hears(an_enquiry_received(enquiry_id))
        await ear.tends()
        assert [row["state"] for row in await set_aside(crm)] == ["parked"], "now it waits for a person"
        async with crm.reading() as db:
            assert await setaside.mark(db, row["set_aside_id"], "replay")
        await ear.tends()
        assert await set_aside(crm) == []
        assert await timeline(crm) == ["received", "assigned"]
