"""Whose sight reaches how far: a table of roles and situations."""

import pytest

from services.crm.domain.rows import EVERYTHING, Person, Sight, sight_of
from shared.council import Council, read_council
from shared.vocabulary import AdviserId, QueueId, Role
from tests.parts.councils import anytown

WATER = Sight(queues=frozenset({QueueId("water-company")}))
NOTHING = Sight()
JOSEPH, STRANGER = "joseph", "nobody-in-the-file"


@pytest.fixture(scope="module")
def council() -> Council:
    return read_council(anytown())


@pytest.mark.parametrize(
    ("name", "roles", "sees", "acts_on"),
    [
        (STRANGER, {Role.ADVISER}, EVERYTHING, EVERYTHING),
        (STRANGER, {Role.OFFICER}, EVERYTHING, EVERYTHING),
        (STRANGER, {Role.MANAGER}, EVERYTHING, NOTHING),
        (STRANGER, {Role.AUDITOR}, EVERYTHING, NOTHING),
        (STRANGER, {Role.PARTNER}, NOTHING, NOTHING),
        (STRANGER, {Role.HEAD_OF_SERVICE}, NOTHING, NOTHING),
        (JOSEPH, {Role.PARTNER}, WATER, WATER),
        (JOSEPH, {Role.HEAD_OF_SERVICE}, WATER, NOTHING),
        (JOSEPH, {Role.PARTNER, Role.AUDITOR}, EVERYTHING, WATER),
        (JOSEPH, {Role.PARTNER, Role.ADVISER}, EVERYTHING, EVERYTHING),
        (JOSEPH, {Role.ICT}, NOTHING, NOTHING),
        (JOSEPH, {Role.ADMINISTRATOR}, NOTHING, NOTHING),
    ],
)
def test_p20_each_role_reaches_what_is_theirs(
    council: Council, name: str, roles: set[Role], sees: Sight, acts_on: Sight
) -> None:
    person = Person(AdviserId(name), frozenset(roles))
    assert sight_of(person, council) == sees
    assert sight_of(person.acting_on_enquiries(), council) == acts_on
