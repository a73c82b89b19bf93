"""A caller, and the word that events and access rows know them by."""

import re
from dataclasses import dataclass

from shared.vocabulary import Role

NAME = re.compile(r"[!-.0-~]{1,128}")
"""A person's name in a token: no spaces, and no / because `actor` has one."""

PEOPLE = (
    Role.ADVISER,
    Role.OFFICER,
    Role.MANAGER,
    Role.HEAD_OF_SERVICE,
    Role.ICT,
    Role.PARTNER,
    Role.AUDITOR,
    Role.ADMINISTRATOR,
)
"""Roles a token may give. The first one that a person has is the first half of their `actor`."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, what they may do, and how events name them: `public`, `machine/kiosk-1`, `adviser/ada`."""

    name: str
    roles: frozenset[Role]
    actor: str


PUBLIC = Caller("public", frozenset({Role.PUBLIC}), "public")


def machine(name: str) -> Caller:
    return Caller(name, frozenset({Role.MACHINE}), f"machine/{name}")


def person(name: str, roles: frozenset[Role]) -> Caller:
    kind = next((role for role in PEOPLE if role in roles), "person")
    return Caller(name, roles, f"{kind}/{name}")
