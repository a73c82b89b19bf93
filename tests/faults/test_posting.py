"""A citizen's impatience makes no second enquiry."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiohttp.test_utils import TestClient

from services.intake.app import SERVICE
from shared.settings import HouseSettings
from tests.builders import a_client, a_workshop, said_by
from tests.faults.citizens import PATH, enquiry


async def post(client: TestClient[Any, Any], nth: int, key: str) -> tuple[int, str]:
    async with client.post(PATH, json=enquiry(nth), headers={"Idempotency-Key": key}) as response:
        return response.status, str((await response.json()).get("reference"))


async def test_p08_the_same_post_three_times_at_once_makes_one_enquiry(database: str, tmp_path: Path) -> None:
    async with (
        a_workshop(database, SERVICE) as intake,
        a_client(intake, SERVICE, HouseSettings(data=tmp_path)) as client,
    ):
        answers = {}
        for nth in range(20):
            key = str(uuid4())
            answers[nth] = await asyncio.gather(*(post(client, nth, key) for _ in range(3)))
            answers[nth].append(await post(client, nth, key))
        said = await said_by(intake)
        async with intake.reading() as db:
            kept = [row["reference"] for row in await db.fetch("SELECT reference FROM submissions")]
    assert {status for each in answers.values() for status, _ in each} == {201}
    references = [{reference for _, reference in each} for each in answers.values()]
    assert all(len(each) == 1 for each in references)
    assert sorted(kept) == sorted(set.union(*references))
    assert len(kept) == len(said) == 20
