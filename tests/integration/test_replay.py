"""Real enquiries, replayed through intake's public address into a real database."""

from pathlib import Path

from services.cli.replay import Replayed, replay
from services.intake.app import SERVICE
from shared.settings import HouseSettings
from tests.builders import a_client, a_workshop, said_by

SLICE = Path(__file__).parents[2] / "deploy" / "demo" / "boston311-slice.csv"


async def test_every_row_of_the_slice_is_received_once_however_often_it_is_replayed(
    database: str, tmp_path: Path
) -> None:
    house = HouseSettings(data=tmp_path)
    async with a_workshop(database, SERVICE) as workshop, a_client(workshop, SERVICE, house) as client:
        url = str(client.make_url("/"))
        first = await replayed(url, 400)
        second = await replayed(url, None)
        said = await said_by(workshop)
    assert (first.accepted, first.repeated) == (400, 0)
    assert (second.accepted, second.repeated) == (1555, 400)
    assert first.everything_is_in
    assert second.everything_is_in
    assert len({spoken.data["enquiry_id"] for spoken in said}) == len(said) == 1955


async def replayed(url: str, limit: int | None) -> Replayed:
    return await replay(SLICE, url, rate=None, limit=limit, clients=8, report=lambda *_: None)
