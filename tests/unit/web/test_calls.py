"""What a caller may send, and what comes back."""

from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from aiohttp.test_utils import TestClient

from shared.auth import new_api_key, sign
from shared.settings import HouseSettings
from shared.vocabulary import Role
from tests.unit.web.tiny import LIMIT

Client = TestClient[Any, Any]
AN_ID = "0190163d-8694-739b-aea5-966c26f8ad91"
COMMAND = {"Idempotency-Key": "a-key-of-mine", "If-Match": '"3"'}


async def test_a_good_body_is_answered_with_its_model_and_version(client: Client) -> None:
    answer = await client.post("/tiny/v1/things", json={"title": "Bin", "colour": "blue"})
    assert answer.status == 201
    assert await answer.json() == {"title": "Bin", "colour": "blue"}
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"


async def test_ids_that_come_in_go_out_again(client: Client) -> None:
    sent = {"X-Correlation-ID": AN_ID, "X-Request-ID": "kiosk.7"}
    answer = await client.get("/tiny/live", headers=sent)
    assert answer.headers["X-Correlation-ID"] == AN_ID
    assert answer.headers["X-Request-ID"] == "kiosk.7"


async def test_ids_that_cannot_be_read_are_replaced(client: Client) -> None:
    answer = await client.get("/tiny/live", headers={"X-Correlation-ID": "me", "X-Request-ID": "a b"})
    assert answer.headers["X-Request-ID"] == UUID(answer.headers["X-Correlation-ID"]).hex


@pytest.mark.parametrize(
    ("body", "where", "why"),
    [
        ('{"titel": "Bin"}', "body.title", "required"),
        ('{"title": "Bin", "hue": 1}', "body.hue", "not known"),
        ('{"title": 5}', "body.title", "quotation marks"),
        ('{"title": ""}', "body.title", "at least 1"),
        ('{"title": "Bin", "count": "5"}', "body.count", "whole number"),
        ('{"title": "Bin", "count": 1.5}', "body.count", "whole number"),
        ('{"title": "Bin", "weight": NaN}', "body.weight", "ordinary number"),
        ('{"title": "Bin", "weight": -Infinity}', "body.weight", "ordinary number"),
        ('{"title": "Bin", "colour": "pink"}', "body.colour", "'red' or 'blue'"),
        ('{"title": "Bin", "labels": ["a", 1]}', "body.labels[1]", "quotation marks"),
        ('{"title": "Bin", "labels": "a"}', "body.labels", "list"),
        ('{"title": "a\\u0000b"}', "body.title", "NUL"),
        ('{"title": "a", "labels": ["x", "\\u0000"]}', "body.labels[1]", "NUL"),
        ('{"title": "a", "anything": {"b": {"\\u0000": 1}}}', "body.anything.b", "NUL"),
        ("[]", "body", "object"),
        ("null", "body", "object"),
    ],
)
async def test_each_fault_is_told_with_its_place(client: Client, body: str, where: str, why: str) -> None:
    answer = await client.post("/tiny/v1/things", data=body.encode(), headers={"Content-Type": "application/json"})
    assert answer.status == 422
    told = await answer.json()
    assert [why in fault["why"] for fault in told["faults"] if fault["where"] == where] == [True]
    assert where in told["detail"] or len(told["faults"]) > 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"title": "\xff"}',
        b'{"title": "\\ud800"}',
        b'{"title": "\\udc00\\ud800"}',
        b'{"title": "a\x00"}',
        b"\x00",
        b"[" * 9000,
        b'{"anything":' + b'{"a":' * 1500 + b"1" + b"}" * 1501,
        b"\xef\xbb\xbf{}",
        b"{'title': 'Bin'}",
    ],
)
async def test_what_is_no_json_is_a_bad_request(client: Client, body: bytes) -> None:
    answer = await client.post("/tiny/v1/things", data=body, headers={"Content-Type": "application/json"})
    assert answer.status == 400
    assert (await answer.json())["detail"].startswith("The body is not JSON")


async def test_an_escaped_backslash_before_u0000_is_ordinary_text(client: Client) -> None:
    answer = await client.post(
        "/tiny/v1/things", data=b'{"title": "a\\\\u0000"}', headers={"Content-Type": "application/json"}
    )
    assert answer.status == 201


@pytest.mark.parametrize("kind", ["text/plain", "application/json; charset=latin-1", "application/xml"])
async def test_other_kinds_of_body_are_415(client: Client, kind: str) -> None:
    answer = await client.post("/tiny/v1/things", data=b"{}", headers={"Content-Type": kind})
    assert answer.status == 415


async def test_json_with_its_charset_named_is_taken(client: Client) -> None:
    answer = await client.post(
        "/tiny/v1/things", data=b'{"title":"x"}', headers={"Content-Type": "Application/JSON; charset=UTF-8"}
    )
    assert answer.status == 201


async def test_a_body_of_ten_megabytes_is_413_and_the_connection_stays_usable(client: Client) -> None:
    for _ in range(2):
        answer = await client.post(
            "/tiny/v1/things", data=BytesIO(b"x" * 10_000_000), headers={"Content-Type": "application/json"}
        )
        assert answer.status == 413
        assert f"{LIMIT:,}" in (await answer.json())["detail"]
    assert (await client.post("/tiny/v1/things", json={"title": "Bin"})).status == 201


async def test_a_chunked_body_beyond_the_limit_is_413(client: Client) -> None:
    async def pieces() -> Any:
        for _ in range(50):
            yield b" " * 1000

    answer = await client.post("/tiny/v1/things", data=pieces(), headers={"Content-Type": "application/json"})
    assert answer.status == 413


async def test_a_body_that_claims_to_be_compressed_and_is_not_is_400(client: Client) -> None:
    sent = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = await client.post("/tiny/v1/things", data=b'{"title": "x"}', headers=sent, compress=False)
    assert answer.status == 400


async def test_a_query_is_read_by_its_model(client: Client) -> None:
    answer = await client.get("/tiny/v1/things?text=bin&limit=5&colours=red&colours=blue")
    assert await answer.json() == {"text": "bin", "limit": 5, "colours": ["red", "blue"]}


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("limit=5", "query.text"),
        ("text=a&limit=x", "query.limit"),
        ("text=a&limit=0", "query.limit"),
        ("text=a&text=b", "query.text"),
        ("text=a%00", "query.text"),
        ("text=a&colour=red", "query.colour"),
    ],
)
async def test_a_wrong_query_names_its_parameter(client: Client, query: str, where: str) -> None:
    answer = await client.get(f"/tiny/v1/things?{query}")
    assert answer.status == 422
    assert where in [fault["where"] for fault in (await answer.json())["faults"]]


@pytest.mark.parametrize("text", ["1", "x" * 36, f"{{{AN_ID}}}", f"{AN_ID}%00", "%ff", f"urn:uuid:{AN_ID}"])
async def test_what_is_no_id_names_nothing(client: Client, text: str) -> None:
    assert (await client.get(f"/tiny/v1/things/{text}")).status == 404


async def test_a_command_knows_its_key_and_the_version_it_saw(client: Client) -> None:
    answer = await client.put(f"/tiny/v1/things/{AN_ID}", json={"title": "x"}, headers=COMMAND)
    assert (await answer.json())["title"] == "a-key-of-mine 3"


@pytest.mark.parametrize(
    "change",
    [
        {"Idempotency-Key": None},
        {"Idempotency-Key": "short"},
        {"Idempotency-Key": "x" * 256},
        {"Idempotency-Key": "caf\u00e9 caf\u00e9"},
        {"If-Match": None},
        {"If-Match": "*"},
        {"If-Match": '"three"'},
        {"If-Match": '"9999999999999999999"'},
    ],
)
async def test_a_command_without_its_headers_is_told_which_to_send(
    client: Client, change: dict[str, str | None]
) -> None:
    headers = {name: text for name, text in {**COMMAND, **change}.items() if text is not None}
    answer = await client.put(f"/tiny/v1/things/{AN_ID}", json={"title": "x"}, headers=headers)
    assert answer.status == 400
    assert next(iter(change)) in (await answer.json())["detail"]


async def test_a_route_without_a_body_says_so(client: Client, house: HouseSettings) -> None:
    token = {"Authorization": f"Bearer {sign(house, 'kim', [Role.ADMINISTRATOR])}"}
    refused = await client.delete(f"/tiny/v1/things/{AN_ID}", json={"why": 1}, headers=token)
    assert refused.status == 400
    assert (await client.delete(f"/tiny/v1/things/{AN_ID}", json={}, headers=token)).status == 204


async def test_who_may_call_is_asked_before_the_body_is_read(client: Client) -> None:
    answer = await client.delete(f"/tiny/v1/things/{AN_ID}", data=b"x" * (LIMIT * 10))
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_machines_and_people_are_known_by_name(client: Client, house: HouseSettings) -> None:
    for credential, actor in (
        (new_api_key(house, "kiosk-1"), "machine/kiosk-1"),
        (sign(house, "ada", [Role.ADVISER]), "adviser/ada"),
    ):
        answer = await client.get("/tiny/v1/me", headers={"Authorization": f"Bearer {credential}"})
        assert (await answer.json())["title"] == actor


async def test_the_wrong_role_is_told_which_roles_may(client: Client, house: HouseSettings) -> None:
    token = sign(house, "olu", [Role.OFFICER])
    answer = await client.get("/tiny/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.status == 403
    assert "adviser, machine" in (await answer.json())["detail"]


async def test_whoever_may_not_call_is_told_what_they_can_do_instead(client: Client, house: HouseSettings) -> None:
    bearer = {"Authorization": f"Bearer {sign(house, 'mary', [Role.ADVISER])}"}
    refused = await client.delete(f"/tiny/v1/things/{AN_ID}", headers=bearer)
    assert refused.status == 403
    assert (await refused.json())["detail"].endswith("sign in as somebody who has it. Or put it into the bin.")
