"""Lets a caller in or says why not, from nothing but the `Authorization` header."""

import re
from collections.abc import Collection

from shared.auth.callers import PUBLIC, Caller
from shared.auth.machines import KEY_PREFIX, Machines
from shared.auth.people import People
from shared.errors import Forbidden, Unauthenticated
from shared.settings import HouseSettings
from shared.vocabulary import Role

BEARER = re.compile(r"[Bb]earer +([A-Za-z0-9._~+/=-]{1,8192})")
"""RFC 6750, with a limit that real tokens stay well below."""


class Gatekeeper:
    """One per process; it remembers keys and the tokens it has verified."""

    def __init__(self, settings: HouseSettings) -> None:
        self.machines = Machines(settings.api_keys_file)
        self.people = People(settings.jwks_source, settings.token_issuer, settings.token_audience)

    async def admit(self, authorization: str | None, who: Collection[Role]) -> Caller:
        """
        The caller, if they may pass.

        Raises `Unauthenticated` or `Forbidden` with a sentence that says what to do, and `Unavailable` when
        the keys to verify a token cannot be had.
        """
        if authorization is None and Role.PUBLIC in who:
            return PUBLIC
        caller = await self.identify(authorization)
        if Role.PUBLIC in who or not caller.roles.isdisjoint(who):
            return caller
        raise Forbidden(
            f"{caller.name} may not do this: it takes one of the roles {', '.join(sorted(who))}. "
            "Ask your administrator for the role, or sign in as somebody who has it."
        )

    async def identify(self, authorization: str | None) -> Caller:
        if authorization is None:
            raise Unauthenticated("Send the header `Authorization: Bearer` followed by your token or your API key.")
        match = BEARER.fullmatch(authorization)
        if match is None:
            raise Unauthenticated(
                "The Authorization header cannot be read: write the word Bearer, a space, and your token or API key."
            )
        credential = match.group(1)
        if credential.startswith(KEY_PREFIX):
            return self.machines.identify(credential)
        return await self.people.identify(credential)
