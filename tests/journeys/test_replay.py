"""Real enquiries, replayed against both ways of running the whole house."""

from tests.journeys.replaying import four_processes, on_one_process, replayed_and_followed

ROWS = 200


async def test_every_row_is_recorded_queued_and_clocked_once_by_one_process() -> None:
    outcome = await on_one_process(ROWS)
    print(outcome.in_words())
    assert (outcome.replayed.rows, outcome.followed) == (ROWS, 20)


async def test_every_row_is_recorded_queued_and_clocked_once_by_four_processes(
    bare_database: str, rabbit_url: str
) -> None:
    async with four_processes(bare_database, rabbit_url) as house:
        outcome = await replayed_and_followed("four processes on RabbitMQ", house, ROWS)
    print(outcome.in_words())
    assert (outcome.replayed.rows, outcome.followed) == (ROWS, 20)
