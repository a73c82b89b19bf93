"""A command that is repeated is carried out once, and answered each time as the first time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import pytest
from aiohttp.test_utils import TestClient, TestServer
from pydantic import Field

from shared.auth import Gatekeeper, new_api_key
from shared.errors import Conflict, Unavailable
from shared.health import Health
from shared.migrate import migrate
from shared.settings import HouseSettings
from shared.vocabulary import Role, new_id
from shared.web import Answer, Body, Call, Mount, Route, Shown, etag, http_app, route
from shared.web.idempotency import Attempt, Command, forget_old_keys
from shared.work import Work, Workshop
from tests.integration.kernel.toys import ALPHA, NOTE, ToyThrown, a_cause, a_workshop

Client = TestClient[Any, Any]

COUNT_OF = "SELECT count(*) FROM handled WHERE subject = $1"
NUMBER_TAKEN = "SELECT EXISTS (SELECT FROM handled WHERE number = $1)"
ROWS = "SELECT count(*) FROM handled"
SAID = "SELECT count(*) FROM said"
KEYS = "SELECT count(*) FROM idempotency_keys"
THROW = "/alpha/v1/throws"


class Throw(Body):
    number: int
    note: Annotated[str, Field(max_length=100)] = ""


class Thrown(Shown):
    toy: UUID
    number: int


async def post_throw(call: Call[Throw]) -> Answer:
    """All fresh: nothing is locked. A number that is taken is refused."""
    toy = new_id()
    subject = f"toy/{toy}"

    async def action(work: Work) -> Answer:
        if await work.db.fetchval(NUMBER_TAKEN, -abs(call.body.number)):
            raise Conflict("This number is barred.")
        await work.db.execute(NOTE, subject, call.body.number, None)
        work.say(ToyThrown(toy=str(toy), number=call.body.number))
        return Answer(201, Thrown(toy=toy, number=call.body.number), etag(1))

    return await call.command((), action, fresh=[subject])


async def put_throw(call: Call[Throw]) -> Answer:
    """On a toy that is there: the caller says how many throws they saw."""
    toy = call.id("toy_id")
    subject = f"toy/{toy}"

    async def action(work: Work) -> Answer:
        seen = await work.db.fetchval(COUNT_OF, subject)
        if seen != call.if_match:
            raise Conflict(f"It has been thrown {seen} times: look again.")
        await work.db.execute(NOTE, subject, call.body.number, None)
        return Answer(200, Thrown(toy=toy, number=call.body.number), etag(seen + 1))

    return await call.command([subject], action)


ROUTES: Sequence[Route] = (
    route("POST", "/v1/throws", post_throw, who=(Role.PUBLIC,), takes=Throw, gives={201: Thrown},
          refuses=(409,), command=True, summary="Throw a new toy"),
    route("PUT", "/v1/toys/{toy_id}", put_throw, who=(Role.PUBLIC,), takes=Throw, gives={200: Thrown},
          command=True, versioned=True, summary="Throw it again"),
)  # fmt: skip


@pytest.fixture
async def workshop(bare_database: str) -> AsyncIterator[Workshop]:
    await migrate(bare_database, [ALPHA.schema])
    async with a_workshop(bare_database) as ready:
        yield ready


@pytest.fixture
def house(tmp_path: Path) -> HouseSettings:
    return HouseSettings(data=tmp_path)


@pytest.fixture
async def client(workshop: Workshop, house: HouseSettings) -> AsyncIterator[Client]:
    mount = Mount("alpha", "Toys.", ROUTES, workshop, Health())
    async with TestClient(TestServer(http_app([mount], house, Gatekeeper(house)))) as ready:
        yield ready


JSON = {"Content-Type": "application/json"}


async def figure(workshop: Workshop, sql: str) -> int:
    async with workshop.reading() as db:
        return int(await db.fetchval(sql))


def keyed(key: str = "a-key-of-mine", version: int | None = None) -> dict[str, str]:
    seen = {} if version is None else {"If-Match": f'"{version}"'}
    return {"Idempotency-Key": key, **seen}


async def test_a_repeat_gets_the_first_answer_and_nothing_is_done_twice(client: Client, workshop: Workshop) -> None:
    first = await client.post(THROW, json={"number": 1}, headers=keyed())
    again = await client.post(THROW, json={"number": 1}, headers=keyed())
    assert (first.status, again.status) == (201, 201)
    assert await first.read() == await again.read()
    assert first.headers["ETag"] == again.headers["ETag"]
    assert "Idempotent-Replay" not in first.headers
    assert again.headers["Idempotent-Replay"] == "true"
    assert again.headers["Content-Type"] == "application/json"
    assert (await figure(workshop, ROWS), await figure(workshop, SAID)) == (1, 1)


async def test_the_same_key_for_something_else_is_422(client: Client, workshop: Workshop) -> None:
    toy = new_id()
    await client.post(THROW, json={"number": 1}, headers=keyed())
    await client.put(f"/alpha/v1/toys/{toy}", json={"number": 1}, headers=keyed("another-key", 0))
    for answer in (
        await client.post(THROW, json={"number": 2}, headers=keyed()),
        await client.post(THROW, data=b'{"number":1} ', headers=keyed() | JSON),
        await client.put(f"/alpha/v1/toys/{toy}", json={"number": 1}, headers=keyed(version=0)),
        await client.put(f"/alpha/v1/toys/{toy}", json={"number": 1}, headers=keyed("another-key", 1)),
    ):
        assert answer.status == 422
        assert "Idempotency-Key" in (await answer.json())["detail"]
    assert await figure(workshop, ROWS) == 2


@pytest.mark.parametrize("at_once", [3, 20])
async def test_many_at_once_are_carried_out_once(client: Client, workshop: Workshop, at_once: int) -> None:
    """P08: a hesitant network posts the same form three times."""
    answers = await asyncio.gather(*(client.post(THROW, json={"number": 1}, headers=keyed()) for _ in range(at_once)))
    assert {answer.status for answer in answers} == {201}
    assert len({await answer.read() for answer in answers}) == 1
    assert sum("Idempotent-Replay" not in answer.headers for answer in answers) == 1
    assert (await figure(workshop, ROWS), await figure(workshop, SAID)) == (1, 1)


async def test_many_at_once_with_one_key_and_different_bodies_leave_one(client: Client, workshop: Workshop) -> None:
    answers = await asyncio.gather(
        *(client.post(THROW, json={"number": number}, headers=keyed()) for number in range(6))
    )
    assert sorted(answer.status for answer in answers) == [201, 422, 422, 422, 422, 422]
    assert await figure(workshop, ROWS) == 1


async def test_a_repeat_with_the_version_it_saw_gets_its_answer_and_no_conflict(
    client: Client, workshop: Workshop
) -> None:
    path = f"/alpha/v1/toys/{new_id()}"
    answers = await asyncio.gather(*(client.put(path, json={"number": 1}, headers=keyed(version=0)) for _ in range(5)))
    assert {answer.status for answer in answers} == {200}
    assert {answer.headers["ETag"] for answer in answers} == {'"1"'}
    other = await client.put(path, json={"number": 1}, headers=keyed("another-key", 0))
    assert other.status == 409
    assert await figure(workshop, ROWS) == 1


async def test_a_refusal_is_not_kept_so_the_key_may_be_used_again(client: Client, workshop: Workshop) -> None:
    path = f"/alpha/v1/toys/{new_id()}"
    assert (await client.put(path, json={"number": 1}, headers=keyed(version=1))).status == 409
    assert await figure(workshop, KEYS) == 0
    assert (await client.put(path, json={"number": 1}, headers=keyed(version=0))).status == 200


async def test_a_repeat_that_is_refused_because_of_its_first_run_gets_the_first_answer(
    client: Client, workshop: Workshop
) -> None:
    """The number -1 bars itself: a second throw is refused, unless it is the same command."""
    first = await client.post(THROW, json={"number": -1}, headers=keyed())
    again = await client.post(THROW, json={"number": -1}, headers=keyed())
    other = await client.post(THROW, json={"number": -1}, headers=keyed("another-key"))
    assert (first.status, again.status, other.status) == (201, 201, 409)
    assert await first.read() == await again.read()


async def test_callers_do_not_share_keys(client: Client, workshop: Workshop, house: HouseSettings) -> None:
    machine = {"Authorization": f"Bearer {new_api_key(house, 'kiosk-1')}"}
    first = await client.post(THROW, json={"number": 1}, headers=keyed())
    other = await client.post(THROW, json={"number": 2}, headers=keyed() | machine)
    assert (first.status, other.status) == (201, 201)
    assert "Idempotent-Replay" not in other.headers
    assert await figure(workshop, KEYS) == 2


async def test_a_run_that_follows_a_commit_nobody_heard_of_finds_its_answer(workshop: Workshop) -> None:
    """The connection breaks after COMMIT: the workshop runs the same attempt again."""
    toy = new_id()

    async def action(work: Work) -> Answer:
        await work.db.execute(NOTE, f"toy/{toy}", 1, None)
        return Answer(201, Thrown(toy=toy, number=1))

    attempt = Attempt(Command("public", "a-key-of-mine", b"x" * 32), action, look_first=False)
    first = await workshop.once((), attempt.act, a_cause())
    again = await workshop.once((), attempt.act, a_cause())
    assert first.content == again.content
    assert again.headers["Idempotent-Replay"] == "true"
    assert await figure(workshop, ROWS) == 1


async def test_what_fails_half_way_leaves_no_key(workshop: Workshop) -> None:
    async def action(work: Work) -> Answer:
        await work.db.execute(NOTE, "toy/1", 1, None)
        raise Unavailable("The outside is away.")

    attempt = Attempt(Command("public", "a-key-of-mine", b"x" * 32), action, look_first=True)
    with pytest.raises(Unavailable):
        await workshop.run([], attempt.act, a_cause())
    assert (await figure(workshop, ROWS), await figure(workshop, KEYS)) == (0, 0)


async def test_what_the_database_cannot_hold_is_refused_before_it(client: Client, workshop: Workshop) -> None:
    for body, where in ((b'{"number":1,"note":"\\u0000"}', "body.note"), (b'{"number":1e30}', "body.number")):
        headers = keyed() | JSON
        answer = await client.post(THROW, data=body, headers=headers)
        assert answer.status == 422
        assert (await answer.json())["faults"][0]["where"] == where
    assert (await figure(workshop, ROWS), await figure(workshop, KEYS)) == (0, 0)


async def test_answers_are_forgotten_after_a_month(workshop: Workshop) -> None:
    async with workshop.reading() as db:
        await db.execute(
            "INSERT INTO idempotency_keys SELECT 'public', k, '', 201, '{}', '', clock_timestamp() - a "
            "FROM (VALUES ('old', interval '31 days'), ('new', interval '29 days')) AS v (k, a)"
        )
    await forget_old_keys(workshop)
    async with workshop.reading() as db:
        assert [row["key"] for row in await db.fetch("SELECT key FROM idempotency_keys")] == ["new"]
