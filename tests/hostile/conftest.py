"""One house that runs as a newcomer runs it, with Anytown in it."""

from collections.abc import Iterator

import pytest

from tests.conftest import outside_the_loop
from tests.hostile.town import Town, credentials
from tests.parts.councils import anytown
from tests.parts.house import EmbeddedHouse, token_in
from tests.parts.scratch import scratch


@pytest.fixture(scope="package")
def town() -> Iterator[Town]:
    with scratch("hostile") as folder:
        house = EmbeddedHouse(folder, council=anytown())
        try:
            house.start()
            outside_the_loop(house.until_ready())
            there = Town(house, credentials(house), token_in(house, "ada"), smtp_port=house.smtp_port)
            there.settle()
            yield there
        finally:
            house.close()
