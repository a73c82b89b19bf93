"""A database of the first release is brought up to date with everything that stands in it."""

import shutil
from pathlib import Path

from services.crm.app import SERVICE
from shared.migrate import Schema, migrate
from shared.settings import HouseSettings
from shared.vocabulary import EnquiryId, new_id
from tests.builders import MORNING, a_client, a_workshop
from tests.integration.crm.desk import ANSWER, Desk

AS_IT_WAS = """
WITH asked AS (
    INSERT INTO enquiries (enquiry_id, reference, title, text, channel, received_at, state, resolved_at, resolution)
    VALUES ($1, 'ANY-0000-0000-0000', 'A lamp is out', 'Since Monday.', 'web', $3, 'resolved', $3, 'done')
), contact AS (
    INSERT INTO contacts (contact_id, enquiry_id, channel, point, direction, started_at, ended_at, citizen_name)
    VALUES ($2, $1, 'web', 'form', 'inbound', $3, $3, 'Jo')
), looked AS (
    INSERT INTO accesses (access_id, enquiry_id, who, what, occurred_at, correlation_id)
    VALUES ($2, $1, 'adviser/ada', 'record', $3, $1)
)
INSERT INTO timeline (entry_id, enquiry_id, kind, occurred_at, recorded_at, actor, version)
VALUES ($1, $1, 'received', $3, $3, 'public', 1)
"""


async def test_what_the_first_release_recorded_is_shown_as_ever(bare_database: str, tmp_path: Path) -> None:
    first = tmp_path / "migrations"
    first.mkdir()
    shutil.copy(sorted(SERVICE.migrations.iterdir())[0], first)
    await migrate(bare_database, [Schema("crm", first)])
    enquiry_id, contact_id = EnquiryId(new_id()), new_id()
    async with a_workshop(bare_database, SERVICE) as workshop, workshop.reading() as db:
        await db.execute(AS_IT_WAS, enquiry_id, contact_id, MORNING)
    await migrate(bare_database, [SERVICE.schema])
    house = HouseSettings(data=tmp_path)
    async with a_workshop(bare_database, SERVICE) as workshop, a_client(workshop, SERVICE, house) as client:
        desk = Desk(client, house)
        _, shown = await desk.reads(f"/{enquiry_id}")
        status, _ = await desk.posts(f"/{enquiry_id}/answers", ANSWER, 1)
    [contact] = shown["contacts"]
    assert (contact["citizen_name"], contact["outcome"], contact["text"]) == ("Jo", "received", "Since Monday.")
    [entry] = shown["timeline"]
    assert (entry["kind"], entry["contact_id"], shown["citizen"]) == ("received", str(contact_id), None)
    assert status == 409
