"""The oldest PostgreSQL that will do: `make versions` runs all database tests on it, this much runs always."""

from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from services.cli.house import SERVICES
from shared.migrate import migrate
from tests.conftest import CI
from tests.parts.councils import plain, take_up
from tests.parts.house import house_in_this_process, token_in
from tests.parts.people import Citizen, PatientDesk
from tests.parts.postgres import IN_A_HURRY, NotInstalled, create_database, private_postgres, programs_of, value_from
from tests.parts.waiting import until

OLDEST = "15"


@pytest.fixture(scope="module")
def oldest() -> Iterator[str]:
    try:
        programs = programs_of(OLDEST)
    except NotInstalled as why:
        if CI:
            raise
        pytest.skip(str(why))
    with private_postgres(IN_A_HURRY, programs) as server:
        yield server.url


async def test_an_enquiry_goes_its_way_on_it(oldest: str, tmp_path: Path) -> None:
    assert (await value_from(oldest, "SHOW server_version")).split(".")[0] == OLDEST
    database = await create_database(oldest)
    await migrate(database, [service.schema for service in SERVICES])
    await take_up(database, plain())
    async with house_in_this_process(database, tmp_path) as house, aiohttp.ClientSession() as session:
        receipt = await Citizen(session, house).report("A lamp is out")
        ada = PatientDesk(session, "", token_in(house, "ada"), house)
        await ada.come()
        offer = await until(ada.offer, what="an offer")
        await ada.deal_with(offer)
        await Citizen(session, house).sees(receipt["reference"], "resolved")
