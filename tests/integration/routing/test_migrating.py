"""A database of the frame's release, with tasks under way, goes on where it stood once a council is taken up."""

import shutil
from pathlib import Path

from services.routing import timers
from services.routing.app import SERVICE
from shared.migrate import Schema, migrate
from shared.vocabulary import Presence
from tests.builders import ADA, MORNING, Ear, a_resolution, a_workshop, an_ear
from tests.integration.offering import BROKEN, OFFERS, TASKS, be, council_of, rows, states
from tests.parts.councils import anytown

FRAME = "0001_create_queues_and_offers.sql"
ROWS = """
INSERT INTO tasks (task_id, enquiry_id, queue_id, purpose, kind, state, enqueued_at, changed_at, assigned_to,
                   correlation_id)
VALUES ('00000000-0000-0000-0000-000000000001', gen_random_uuid(), 'general', 'answer', 'deferrable', 'waiting',
        '{at}', '{at}', NULL, gen_random_uuid()),
       ('00000000-0000-0000-0000-000000000002', gen_random_uuid(), 'general', 'answer', 'deferrable', 'assigned',
        '{at}', '{at}', 'ada', gen_random_uuid()),
       ('00000000-0000-0000-0000-000000000003', gen_random_uuid(), 'general', 'answer', 'deferrable', 'withdrawn',
        '{at}', '{at}', NULL, gen_random_uuid());
INSERT INTO advisers (adviser_id, presence, presence_since) VALUES ('ada', 'ready', '{at}');
INSERT INTO slots (adviser_id, slot, task_id, part, idle_since)
VALUES ('ada', 1, '00000000-0000-0000-0000-000000000002', 1, '{at}');
"""


async def test_tasks_of_the_frame_are_waiting_held_and_ended_as_before(bare_database: str, tmp_path: Path) -> None:
    (tmp_path / "migrations").mkdir()
    shutil.copy(SERVICE.migrations / FRAME, tmp_path / "migrations")
    await migrate(bare_database, [Schema(SERVICE.name, tmp_path / "migrations")])
    async with a_workshop(bare_database, SERVICE) as workshop, workshop.reading() as db:
        await db.execute(ROWS.format(at=MORNING.isoformat()))
    await migrate(bare_database, [SERVICE.schema])
    async with a_workshop(bare_database, SERVICE) as workshop:
        await council_of(workshop, anytown())
        await be(workshop, Presence.READY, ADA)
        await timers.choose(workshop)
        assert await states(workshop) == (["waiting", "assigned", "withdrawn"], [])
        ear: Ear = await an_ear(workshop, SERVICE)
        [_, held, _] = await rows(workshop, TASKS)
        await ear.hears(a_resolution(held["enquiry_id"]))
        await timers.choose(workshop)
        assert await states(workshop) == (["offered", "withdrawn", "withdrawn"], ["live"])
        assert (await rows(workshop, OFFERS))[0]["adviser_id"] == ADA
        assert await rows(workshop, BROKEN) == []
