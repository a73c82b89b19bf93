"""Tokens: whose are believed, and what is said to the others."""

import json
import time
from collections.abc import AsyncIterator, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from shared.auth import Gatekeeper, make_keys, sign
from shared.auth.callers import PEOPLE
from shared.auth.issuer import AGAIN_SECONDS, FRESH_SECONDS, STALE_SECONDS, IssuerAway
from shared.auth.people import REMEMBERED
from shared.errors import Forbidden, Refused, Unauthenticated
from shared.settings import HouseSettings
from shared.vocabulary import Role

ADVISER = (Role.ADVISER,)
Change = dict[str, Any]


@pytest.fixture
def house(tmp_path: Path) -> HouseSettings:
    return HouseSettings(data=tmp_path)


def claims(**change: Any) -> dict[str, Any]:
    """Good ones, changed; None takes one out."""
    now = int(time.time())
    whole = {
        "iss": "accesspoint",
        "aud": "accesspoint",
        "sub": "ada",
        "exp": now + 600,
        "roles": ["adviser"],
    }
    return {name: value for name, value in {**whole, **change}.items() if value is not None}


async def call(house: HouseSettings, token: str, who: tuple[Role, ...] = ADVISER) -> str:
    return (await Gatekeeper(house).admit(f"Bearer {token}", who)).actor


def published(file: Path, key: Any, algorithm: str, kid: str) -> None:
    """The public half of a key as an issuer publishes it."""
    kinds: dict[str, Callable[[Any], Any]] = {
        "ES256": lambda k: jwt.algorithms.ECAlgorithm.to_jwk(k, as_dict=True),
        "RS256": lambda k: jwt.algorithms.RSAAlgorithm.to_jwk(k, as_dict=True),
        "EdDSA": lambda k: jwt.algorithms.OKPAlgorithm.to_jwk(k, as_dict=True),
    }
    jwk = {**kinds[algorithm](key.public_key()), "kid": kid, "use": "sig"}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"keys": [jwk]}))


async def test_a_token_of_our_own_is_believed(house: HouseSettings) -> None:
    assert await call(house, sign(house, "ada", [Role.ADVISER, Role.MANAGER])) == "adviser/ada"


async def test_a_token_is_no_obstacle_where_everybody_may_call(house: HouseSettings) -> None:
    token = sign(house, "ada", ADVISER)
    assert await call(house, token, (Role.PUBLIC,)) == "adviser/ada"
    with pytest.raises(Unauthenticated):
        await call(house, token[:-9] + "AAAAAAAAA", (Role.PUBLIC,))


def test_keys_are_made_once_and_only_their_owner_may_read_them(house: HouseSettings) -> None:
    jwks = make_keys(house)
    first = jwks.read_bytes()
    assert make_keys(house).read_bytes() == first
    for file in (jwks, house.keys_folder / "signing-key.pem"):
        assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in house.keys_folder.iterdir()) == ["jwks.json", "signing-key.pem"]
    assert b'"d"' not in first


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"exp": 1}, "expired"),
        ({"exp": None}, "`exp`"),
        ({"exp": "soon"}, "not valid"),
        ({"iss": "elsewhere"}, "another issuer"),
        ({"iss": None}, "`iss`"),
        ({"aud": "others"}, "another audience"),
        ({"aud": None}, "`aud`"),
        ({"sub": None}, "`sub`"),
        ({"sub": "a/b"}, "`sub`"),
        ({"sub": ""}, "`sub`"),
        ({"nbf": 99999999999}, "not valid yet"),
        ({"roles": "adviser"}, "`roles`"),
    ],
)
async def test_a_token_that_does_not_hold_says_what_is_wrong(house: HouseSettings, change: Change, words: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    published(house.keys_folder / "jwks.json", key, "ES256", "k")
    token = jwt.encode(claims(**change), key, "ES256", headers={"kid": "k"})
    with pytest.raises(Unauthenticated, match=words):
        await call(house, token)


@pytest.mark.parametrize("roles", [[], ["public"], ["machine"], ["king"], None])
async def test_roles_that_no_person_has_open_nothing(house: HouseSettings, roles: list[str] | None) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    published(house.keys_folder / "jwks.json", key, "ES256", "k")
    token = jwt.encode(claims(roles=roles), key, "ES256", headers={"kid": "k"})
    with pytest.raises(Forbidden):
        await call(house, token, (*PEOPLE, Role.MACHINE))


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
async def test_three_algorithms_are_accepted(house: HouseSettings, algorithm: str) -> None:
    key: Any = {
        "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "RS256": lambda: rsa.generate_private_key(65537, 2048),
        "EdDSA": ed25519.Ed25519PrivateKey.generate,
    }[algorithm]()
    published(house.keys_folder / "jwks.json", key, algorithm, "k")
    assert await call(house, jwt.encode(claims(), key, algorithm, headers={"kid": "k"})) == "adviser/ada"


async def test_an_algorithm_that_the_token_chose_is_not_believed(house: HouseSettings) -> None:
    public = make_keys(house).read_bytes()
    kid = json.loads(public)["keys"][0]["kid"]
    for token in (
        jwt.encode(claims(), "", "none", headers={"kid": kid}),
        jwt.encode(claims(), sha256(public).digest(), "HS256", headers={"kid": kid}),
        jwt.encode(claims(), rsa.generate_private_key(65537, 2048), "RS256", headers={"kid": kid}),
        jwt.encode(claims(), ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": kid}),
        "not.a.token",
        "x",
    ):
        with pytest.raises(Unauthenticated):
            await call(house, token)


async def test_without_keys_a_token_cannot_be_verified_and_the_public_may_go_on(house: HouseSettings) -> None:
    token = sign(house, "ada", ADVISER)
    (house.keys_folder / "jwks.json").unlink()
    with pytest.raises(IssuerAway, match="accesspoint token"):
        await call(house, token)
    assert (await Gatekeeper(house).admit(None, (Role.PUBLIC,))).actor == "public"


async def test_keys_that_are_replaced_take_effect_at_once(house: HouseSettings) -> None:
    token = sign(house, "ada", ADVISER)
    gatekeeper = Gatekeeper(house)
    assert (await gatekeeper.admit(f"Bearer {token}", ADVISER)).name == "ada"
    file = house.keys_folder / "jwks.json"
    new = ec.generate_private_key(ec.SECP256R1())
    published(file, new, "ES256", "new")
    with pytest.raises(Unauthenticated, match="not known"):
        await gatekeeper.admit(f"Bearer {token}", ADVISER)
    fresh = jwt.encode(claims(), new, "ES256", headers={"kid": "new"})
    assert (await gatekeeper.admit(f"Bearer {fresh}", ADVISER)).name == "ada"
    file.write_text("{half")
    assert (await gatekeeper.admit(f"Bearer {fresh}", ADVISER)).name == "ada"


async def test_a_verified_token_is_remembered_until_it_expires(
    house: HouseSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    gatekeeper = Gatekeeper(house)
    token = f"Bearer {sign(house, 'ada', ADVISER, hours=1)}"
    await gatekeeper.admit(token, ADVISER)
    with monkeypatch.context() as without:
        without.setattr("jwt.decode", None)
        assert (await gatekeeper.admit(token, ADVISER)).name == "ada"
    later = time.time() + 3700
    monkeypatch.setattr("shared.auth.people.wall_clock", lambda: later)
    verified: list[object] = []
    decode = jwt.decode

    def decode_and_count(*given: Any, **more: Any) -> Any:
        verified.append(given)
        return decode(*given, **more)

    monkeypatch.setattr("jwt.decode", decode_and_count)
    await gatekeeper.admit(token, ADVISER)
    assert len(verified) == 1


async def test_no_more_tokens_are_remembered_than_the_bound(
    house: HouseSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.auth.people.REMEMBERED", 3)
    assert REMEMBERED > 3
    gatekeeper = Gatekeeper(house)
    for name in "abcdef":
        await gatekeeper.admit(f"Bearer {sign(house, name, ADVISER)}", ADVISER)
    assert len(gatekeeper.people.verified) == 3


@pytest.mark.parametrize(
    ("name", "roles", "hours"),
    [("a b", ADVISER, 1), ("", ADVISER, 1), ("ada", (), 1), ("ada", (Role.MACHINE,), 1), ("ada", ADVISER, 0)],
)
def test_a_token_that_would_not_be_believed_is_not_signed(
    house: HouseSettings, name: str, roles: tuple[Role, ...], hours: float
) -> None:
    with pytest.raises(Refused):
        sign(house, name, roles, hours)


def test_with_a_real_issuer_we_sign_nothing(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="sign in there"):
        sign(HouseSettings(data=tmp_path, jwks="https://login.anytown.example/jwks"), "ada", ADVISER)


class Published:
    """An issuer on the network: counts who asks, and can be away."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.kid = "first"
        self.asked = 0
        self.away = False

    def token(self) -> str:
        return jwt.encode(claims(), self.key, "ES256", headers={"kid": self.kid})

    async def answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.away:
            raise web.HTTPBadGateway
        jwk = jwt.algorithms.ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return web.json_response({"keys": [{**jwk, "kid": self.kid}]})


@pytest.fixture
async def issuer() -> AsyncIterator[tuple[Published, str]]:
    published_keys = Published()
    app = web.Application()
    app.router.add_get("/jwks", published_keys.answer)
    async with TestServer(app) as server:
        yield published_keys, str(server.make_url("/jwks"))


class Clock:
    """Stands where the issuer's keys look at the monotonic clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.passed = 0.0
        monotonic = time.monotonic
        monkeypatch.setattr("shared.auth.issuer.monotonic", lambda: monotonic() + self.passed)


async def test_keys_from_a_url_are_fetched_once_and_again_when_they_are_old(
    tmp_path: Path, issuer: tuple[Published, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, url = issuer
    clock = Clock(monkeypatch)
    gatekeeper = Gatekeeper(HouseSettings(data=tmp_path, jwks=url))
    for _ in range(3):
        await gatekeeper.admit(f"Bearer {keys.token()}", ADVISER)
    assert keys.asked == 1
    clock.passed = FRESH_SECONDS + 1
    await gatekeeper.admit(f"Bearer {keys.token()}", ADVISER)
    assert keys.asked == 2


async def test_an_unknown_key_is_asked_for_at_most_every_ten_seconds(
    tmp_path: Path, issuer: tuple[Published, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, url = issuer
    clock = Clock(monkeypatch)
    gatekeeper = Gatekeeper(HouseSettings(data=tmp_path, jwks=url))
    await gatekeeper.admit(f"Bearer {keys.token()}", ADVISER)
    keys.key, keys.kid = ec.generate_private_key(ec.SECP256R1()), "second"
    for _ in range(3):
        with pytest.raises(Unauthenticated):
            await gatekeeper.admit(f"Bearer {keys.token()}", ADVISER)
    assert keys.asked == 1
    clock.passed = AGAIN_SECONDS + 1
    await gatekeeper.admit(f"Bearer {keys.token()}", ADVISER)
    assert keys.asked == 2


async def test_an_issuer_that_is_away_is_said_and_its_last_keys_stay_good_for_an_hour(
    tmp_path: Path, issuer: tuple[Published, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, url = issuer
    clock = Clock(monkeypatch)
    keys.away = True
    gatekeeper = Gatekeeper(HouseSettings(data=tmp_path, jwks=url))
    with pytest.raises(IssuerAway, match="try again"):
        await gatekeeper.admit(f"Bearer {keys.token()}", ADVISER)
    keys.away, clock.passed = False, AGAIN_SECONDS + 1
    await gatekeeper.admit(f"Bearer {keys.token()}", ADVISER)
    keys.away, clock.passed = True, clock.passed + FRESH_SECONDS + 1
    await gatekeeper.admit(f"Bearer {keys.token()}", ADVISER)
    clock.passed += STALE_SECONDS
    with pytest.raises(IssuerAway):
        await gatekeeper.admit(f"Bearer {keys.token()}", ADVISER)


async def test_a_host_that_does_not_exist_is_an_issuer_that_is_away(tmp_path: Path) -> None:
    token = sign(HouseSettings(data=tmp_path), "ada", ADVISER)
    with pytest.raises(IssuerAway):
        await call(HouseSettings(data=tmp_path, jwks="http://127.0.0.1:1/jwks"), token)


async def test_keys_nobody_can_read_are_keys_that_are_missing(house: HouseSettings) -> None:
    token = sign(house, "ada", ADVISER)
    file = house.keys_folder / "jwks.json"
    file.unlink()
    file.mkdir()
    with pytest.raises(IssuerAway):
        await call(house, token)
