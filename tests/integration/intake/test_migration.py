"""A database of the first release, with enquiries in it, becomes one of this release."""

import shutil
from datetime import timedelta
from pathlib import Path

import asyncpg

from services.intake.app import SERVICE
from services.intake.domain.progress import Stage, Standing
from services.intake.store import contacts, progress
from shared.migrate import Schema, migrate
from shared.vocabulary import Channel, ContactId, new_id
from tests.builders import MORNING, a_workshop, an_enquiry_id

NUMBER = "7K3M-9QPX-2RT4"
FIRST = "0001_create_submissions.sql"
SUBMISSION = """
INSERT INTO intake.submissions
VALUES ($1, $2, $3, 'web', 'form', NULL, 'A lamp', 'It is out.', NULL, 'Jo', 'jo@example.org', $4)
"""
MILESTONES = "INSERT INTO intake.milestones VALUES ($1, $2, $3, NULL, $4, true)"


async def test_what_was_there_before_is_there_afterwards(bare_database: str, tmp_path: Path) -> None:
    shutil.copy(SERVICE.migrations / FIRST, tmp_path)
    await migrate(bare_database, [Schema(SERVICE.name, tmp_path, None)])
    enquiry_id, contact_id = an_enquiry_id(), ContactId(new_id())
    connection = await asyncpg.connect(bare_database)
    await connection.execute(SUBMISSION, enquiry_id, contact_id, f"ANY-{NUMBER}", MORNING)
    await connection.execute(MILESTONES, enquiry_id, MORNING, MORNING + timedelta(hours=1), MORNING + timedelta(days=1))
    await connection.close()

    await migrate(bare_database, [SERVICE.schema])
    async with a_workshop(bare_database, SERVICE) as workshop, workshop.reading() as db:
        contact = await contacts.recorded(db, contact_id)
        tracked = await progress.tracked(db, NUMBER)
    assert contact is not None
    assert (contact.contact.channel, contact.contact.citizen.name, contact.about) == (Channel.WEB, "Jo", (enquiry_id,))
    assert tracked is not None
    assert (tracked.progress.stage, tracked.progress.answered_at) == (Stage.ANSWERED, MORNING + timedelta(hours=1))
    assert [promise.standing for promise in tracked.promises] == [Standing.KEPT]
