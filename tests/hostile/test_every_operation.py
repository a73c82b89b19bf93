"""Whatever is sent to an operation, and by whom: it answers as its description says, and succeeds when it should."""

import pytest

from services.cli.house import SERVICES
from shared.vocabulary import Role
from tests.hostile.attack import Attack
from tests.hostile.town import Town

FEWEST = 50


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", [service.name for service in SERVICES])
def test_a_service_withstands_whatever_is_sent_to_it(town: Town, name: str) -> None:
    attack = Attack(town)
    attack.run(name)
    service = next(service for service in SERVICES if service.name == name)
    labels = {f"{route.method} /{name}{route.path}" for route in service.serves}
    told = "\n\n".join(f"{what}\n{why}" for what, why in attack.failures.items())
    assert not attack.failures, told
    assert set(attack.answers) == labels
    assert [label for label in labels if not any(200 <= status < 300 for status in attack.answers[label])] == []
    assert [label for label in labels if attack.answers[label].total() < FEWEST] == []
    assert {role for tried in attack.callers.values() for role in tried} == set(Role)
