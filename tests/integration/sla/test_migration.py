"""Clocks of the first release: those that had ended stay as they were, those that ran are closed with a reason."""

import shutil
from pathlib import Path

from services.sla.app import SERVICE
from shared.migrate import Schema, migrate
from shared.vocabulary import new_id
from tests.builders import MORNING, a_workshop
from tests.integration.sla.looking import rows

CLOCK = """
INSERT INTO clocks (clock_id, enquiry_id, standard, started_at, due_at, stopped_at, state, version)
VALUES ($1, $1, 'acknowledgement', $2, $2, $3, $4, 1)
"""
LINE = "INSERT INTO ledger VALUES ($1, 1, 'started', $2, $2, NULL, 'public', 'To be stopped.')"


async def test_a_database_with_clocks_of_the_first_release_is_brought_up_to_date(
    bare_database: str, tmp_path: Path
) -> None:
    shutil.copy(SERVICE.migrations / "0001_create_clocks.sql", tmp_path)
    await migrate(bare_database, [Schema("sla", tmp_path)])
    async with a_workshop(bare_database, SERVICE) as workshop, workshop.reading() as db:
        for state, stopped_at in (("running", None), ("met", MORNING)):
            clock_id = new_id()
            await db.execute(CLOCK, clock_id, MORNING, stopped_at, state)
            await db.execute(LINE, clock_id, MORNING)
    await migrate(bare_database, [SERVICE.schema])
    async with a_workshop(bare_database, SERVICE) as workshop:
        found = await rows(workshop, "SELECT state, version, retired FROM clocks ORDER BY state")
        lines = await rows(workshop, "SELECT entry FROM ledger ORDER BY entry")
    assert [tuple(row.values()) for row in found] == [("met", 1, True), ("superseded", 2, True)]
    assert [line["entry"] for line in lines] == ["started", "started", "superseded"]
