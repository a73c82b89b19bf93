"""API keys: made once, kept as hashes, read again when their file changes."""

import json
from pathlib import Path

import pytest

from shared.auth import Gatekeeper, new_api_key
from shared.auth.machines import KeysUnreadable
from shared.errors import Conflict, Forbidden, Refused, Unauthenticated
from shared.settings import HouseSettings
from shared.vocabulary import Role

MACHINE = (Role.MACHINE,)


@pytest.fixture
def house(tmp_path: Path) -> HouseSettings:
    return HouseSettings(data=tmp_path)


async def test_a_key_opens_what_machines_may_do_and_nothing_else(house: HouseSettings) -> None:
    key = new_api_key(house, "kiosk-1")
    gatekeeper = Gatekeeper(house)
    assert (await gatekeeper.admit(f"Bearer {key}", MACHINE)).actor == "machine/kiosk-1"
    with pytest.raises(Forbidden, match="kiosk-1"):
        await gatekeeper.admit(f"Bearer {key}", (Role.ADVISER,))


async def test_the_file_holds_no_key_and_only_its_owner_may_read_it(house: HouseSettings) -> None:
    key = new_api_key(house, "kiosk-1")
    text = house.api_keys_file.read_text()
    assert key not in text
    assert key.removeprefix("ak_") not in text
    assert house.api_keys_file.stat().st_mode & 0o777 == 0o600


async def test_keys_that_are_added_or_taken_out_take_effect_at_once(house: HouseSettings) -> None:
    gatekeeper = Gatekeeper(house)
    with pytest.raises(Unauthenticated, match="ask ICT"):
        await gatekeeper.admit("Bearer ak_unknown", MACHINE)
    one, two = new_api_key(house, "one"), new_api_key(house, "two")
    assert (await gatekeeper.admit(f"Bearer {one}", MACHINE)).name == "one"
    assert (await gatekeeper.admit(f"Bearer {two}", MACHINE)).name == "two"
    kept = [entry for entry in json.loads(house.api_keys_file.read_text()) if entry["name"] != "one"]
    house.api_keys_file.write_text(json.dumps(kept))
    with pytest.raises(Unauthenticated):
        await gatekeeper.admit(f"Bearer {one}", MACHINE)
    assert (await gatekeeper.admit(f"Bearer {two}", MACHINE)).name == "two"


async def test_a_broken_file_leaves_the_last_good_keys_in_force(house: HouseSettings) -> None:
    key = new_api_key(house, "kiosk-1")
    gatekeeper = Gatekeeper(house)
    await gatekeeper.admit(f"Bearer {key}", MACHINE)
    house.api_keys_file.write_text("[{]")
    assert (await gatekeeper.admit(f"Bearer {key}", MACHINE)).name == "kiosk-1"
    with pytest.raises(KeysUnreadable, match="ask ICT"):
        await gatekeeper.admit("Bearer ak_other", MACHINE)
    with pytest.raises(Refused, match="correct it"):
        new_api_key(house, "kiosk-2")


def test_a_name_has_one_key(house: HouseSettings) -> None:
    new_api_key(house, "kiosk-1")
    with pytest.raises(Conflict, match="kiosk-1"):
        new_api_key(house, "kiosk-1")
    with pytest.raises(Refused, match="small letters"):
        new_api_key(house, "Kiosk 1")


@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer", "Bearer ", "Bearer a b", "Bearer \u00e9", "ak_x"])
async def test_a_header_that_cannot_be_read_says_how_to_write_it(house: HouseSettings, header: str) -> None:
    for who in (MACHINE, (Role.PUBLIC,)):
        with pytest.raises(Unauthenticated, match="Bearer"):
            await Gatekeeper(house).admit(header, who)


async def test_nobody_is_told_what_to_send(house: HouseSettings) -> None:
    with pytest.raises(Unauthenticated, match="Authorization: Bearer"):
        await Gatekeeper(house).admit(None, MACHINE)
