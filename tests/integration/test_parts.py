"""The parts tests stand on are real: a database each, and a broker that survives what is done to it."""

import signal
from collections.abc import Iterator
from pathlib import Path

import aio_pika
import asyncpg
import pytest

from tests.conftest import CI
from tests.parts.programs import ACCESSPOINT, Program
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


@pytest.mark.parametrize(
    ("words", "settings", "code", "told"),
    [
        (["serve", "catering"], {}, 1, "There is no service catering"),
        (["serve", "crm"], {"ACCESSPOINT_DATABASE_URL": "nowhere"}, 1, "ACCESSPOINT_DATABASE_URL"),
        (["serve"], {}, 2, "Missing argument"),
    ],
)
def test_a_forked_command_has_its_own_words_settings_log_and_end(
    tmp_path: Path, words: list[str], settings: dict[str, str], code: int, told: str
) -> None:
    program = Program("forked", [*ACCESSPOINT, *words], settings, tmp_path)
    program.start()
    assert (program.wait(), program.is_running) == (code, False)
    assert told in program.log.read_text()


async def test_a_forked_command_ends_by_the_signal_it_is_sent(database: str, rabbit_url: str, tmp_path: Path) -> None:
    told = {"ACCESSPOINT_DATABASE_URL": database, "ACCESSPOINT_AMQP_URL": rabbit_url, "ACCESSPOINT_DATA": str(tmp_path)}
    migrate = Program("migrate", [*ACCESSPOINT, "migrate"], told, tmp_path)
    migrate.start()
    assert migrate.wait() == 0
    program = Program("crm", [*ACCESSPOINT, "serve", "crm"], told, tmp_path)
    for end, code in ((program.kill, -signal.SIGKILL), (program.stop, 0)):
        program.start()
        await program.until_ready("/crm/ready")
        end()
        assert program.exit_code == code
