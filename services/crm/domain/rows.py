"""Who may see which enquiries and citizens, and who may act on them: the only place that says so."""

from __future__ import annotations

from dataclasses import dataclass

from shared.council import Council
from shared.vocabulary import AdviserId, QueueId, Role

EVERYWHERE = (Role.ADVISER, Role.OFFICER, Role.MANAGER, Role.AUDITOR)
"""They see every enquiry of the council."""
ON_THEIR_QUEUES = (Role.PARTNER, Role.HEAD_OF_SERVICE)
"""They see what is or was on a queue that the council file gives them."""

SEE_ENQUIRIES = (*EVERYWHERE, *ON_THEIR_QUEUES)
WORK_ON_ENQUIRIES = (Role.ADVISER, Role.OFFICER, Role.PARTNER)
SEE_CITIZENS = EVERYWHERE
DECIDE_ABOUT_CITIZENS = (Role.ADVISER, Role.OFFICER)


def may_decide_about_citizens(actor: str) -> bool:
    """For what is heard: `actor` is who made it happen, such as adviser/ada."""
    return actor.partition("/")[0] in DECIDE_ABOUT_CITIZENS


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks, in which roles."""

    name: AdviserId
    roles: frozenset[Role]

    def acting_on_enquiries(self) -> Person:
        """Without the roles that only look: a manager who is also a partner's officer acts as the latter."""
        return Person(self.name, self.roles & frozenset(WORK_ON_ENQUIRIES))

    @property
    def sees_everything(self) -> bool:
        return not self.roles.isdisjoint(EVERYWHERE)

    @property
    def sees_citizens(self) -> bool:
        return not self.roles.isdisjoint(SEE_CITIZENS)


@dataclass(frozen=True, slots=True)
class Sight:
    """Which enquiries somebody sees; a condition of every query for them."""

    everything: bool = False
    queues: frozenset[QueueId] = frozenset()


EVERYTHING = Sight(everything=True)


def sight_of(person: Person, council: Council) -> Sight:
    if person.sees_everything:
        return EVERYTHING
    adviser = council.advisers.get(person.name)
    if adviser is None or person.roles.isdisjoint(ON_THEIR_QUEUES):
        return Sight()
    return Sight(queues=frozenset(map(QueueId, adviser.queues)))
