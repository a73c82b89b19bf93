"""The parts tests stand on are real: a database each, and a broker that survives what is done to it."""

from collections.abc import Iterator

import aio_pika
import asyncpg
import pytest

from tests.conftest import CI
from tests.parts.rabbit import NoBroker, PrivateRabbit, private_rabbit


@pytest.fixture(scope="module")
def broker() -> Iterator[PrivateRabbit]:
    try:
        with private_rabbit() as started:
            yield started
    except NoBroker as why:
        if CI:
            raise
        pytest.skip(str(why))


async def count(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("CREATE TABLE mine (n int)")
        return int(await connection.fetchval("SELECT count(*) FROM pg_tables WHERE tablename = 'mine'"))
    finally:
        await connection.close()


async def test_each_test_has_a_database_of_its_own(database: str, bare_database: str) -> None:
    assert database != bare_database
    assert await count(database) == await count(bare_database) == 1


async def test_the_shared_broker_takes_connections(rabbit_url: str) -> None:
    async with await aio_pika.connect(rabbit_url) as connection:
        assert not connection.is_closed


async def test_a_broker_that_was_stopped_or_killed_comes_back_at_its_address(broker: PrivateRabbit) -> None:
    address = broker.url
    for end in (broker.kill, broker.stop):
        end()
        with pytest.raises(OSError, match=r"refused|Connect"):
            await aio_pika.connect(address)
        broker.start()
        async with await aio_pika.connect(address) as connection:
            assert not connection.is_closed


async def test_a_wiped_broker_has_forgotten_its_queues(broker: PrivateRabbit) -> None:
    async with await aio_pika.connect(broker.url) as connection, connection.channel() as channel:
        await channel.declare_queue("kept", durable=True)
    broker.wipe()
    broker.start()
    async with await aio_pika.connect(broker.url) as connection, connection.channel() as channel:
        with pytest.raises(aio_pika.exceptions.ChannelNotFoundEntity):
            await channel.declare_queue("kept", passive=True)
