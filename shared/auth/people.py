"""Tokens of people: JSON Web Tokens, verified with the issuer's published keys."""

import time
from collections import OrderedDict
from typing import Any

import jwt

from shared.auth.callers import NAME, PEOPLE, Caller, person
from shared.auth.issuer import ALGORITHMS, Issuer, IssuerAway
from shared.errors import Unauthenticated
from shared.vocabulary import Role

LEEWAY_SECONDS = 5
REMEMBERED = 2048
AGAIN = "sign in again, or make a new one with `accesspoint token NAME`"


class People:
    """Verifies a token once and remembers it until it expires or the issuer's keys change."""

    def __init__(self, source: str, issuer: str, audience: str) -> None:
        self.issuer = Issuer(source)
        self.issued_by = issuer
        self.audience = audience
        self.verified: OrderedDict[str, tuple[float, Caller]] = OrderedDict()
        self.verified_with: int = -1

    async def identify(self, token: str) -> Caller:
        await self.issuer.refresh()
        if self.verified_with != self.issuer.version:
            self.verified.clear()
            self.verified_with = self.issuer.version
        known = self.verified.get(token)
        if known is not None and known[0] > wall_clock():
            return known[1]
        return await self.verify(token)

    async def verify(self, token: str) -> Caller:
        claims = self.read_claims(token, await self.key_of(token))
        caller = caller_of(claims)
        self.verified[token] = (float(claims["exp"]) + LEEWAY_SECONDS, caller)
        self.verified.move_to_end(token)
        if len(self.verified) > REMEMBERED:
            self.verified.popitem(last=False)
        return caller

    async def key_of(self, token: str) -> jwt.PyJWK:
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            raise Unauthenticated(f"The token cannot be read: {AGAIN}.") from None
        if header.get("alg") not in ALGORITHMS:
            raise Unauthenticated(f"The token is not signed with {', '.join(ALGORITHMS)}: {AGAIN}.")
        kid = header.get("kid")
        key = await self.issuer.key(kid if isinstance(kid, str) else None)
        if key is None:
            if not self.issuer.has_keys:
                raise IssuerAway(self.issuer.complaint)
            raise Unauthenticated(f"The token is signed with a key that is not known here: {AGAIN}.")
        return key

    def read_claims(self, token: str, key: jwt.PyJWK) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                key,
                # The key says which algorithm it is for; what the token says about itself decides nothing.
                algorithms=[key.algorithm_name],
                audience=self.audience,
                issuer=self.issued_by,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "aud", "sub"], "enforce_minimum_key_length": True},
            )
        except jwt.ExpiredSignatureError:
            raise Unauthenticated(f"The token has expired: {AGAIN}.") from None
        except jwt.InvalidIssuerError:
            raise Unauthenticated(f"The token is from another issuer than {self.issued_by}: {AGAIN}.") from None
        except jwt.InvalidAudienceError:
            raise Unauthenticated(f"The token is for another audience than {self.audience}: {AGAIN}.") from None
        except jwt.MissingRequiredClaimError as error:
            raise Unauthenticated(f"The token does not say `{error.claim}`: {AGAIN}.") from None
        except jwt.ImmatureSignatureError:
            raise Unauthenticated("The token is not valid yet: check the clocks of both machines.") from None
        except jwt.PyJWTError:
            raise Unauthenticated(f"The token is not valid: {AGAIN}.") from None


def caller_of(claims: dict[str, Any]) -> Caller:
    """Roles that we do not know, or that no person can have, are left out: real issuers send others too."""
    name = claims["sub"]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise Unauthenticated(f"The token's `sub` is not a name without spaces and without /: {AGAIN}.")
    given = claims.get("roles", [])
    if not isinstance(given, list):
        raise Unauthenticated(f"The token's `roles` is not a list of words: {AGAIN}.")
    roles: frozenset[Role] = frozenset(role for role in PEOPLE if role in given)
    return person(name, roles)


def wall_clock() -> float:
    # A token's `exp` is in the wall clock's seconds, and asking the database each time would cost too much.
    return time.time()  # noqa: TID251  PyJWT judges `exp` by the same clock
