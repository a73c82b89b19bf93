"""All that is known of one enquiry when its clocks are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.sla.domain.clocks import Clock
from services.sla.domain.facts import Fact
from services.sla.domain.terms import BY_AGREEMENT, Agreed, InForce, Terms
from shared.vocabulary import EnquiryId


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """
    Its facts, its clocks as they were written, and the terms they ran under.

    Retired clocks are not among them. `council_version` is the one that holds, and `in_force` its standards by code.
    """

    enquiry_id: EnquiryId
    council_version: int
    facts: tuple[Fact, ...]
    clocks: tuple[Clock, ...]
    in_force: Mapping[str, InForce]
    terms: Mapping[UUID, Terms]

    def judged(self, up_to: datetime) -> Known:
        """Time has passed, and what was said until then has been heard."""
        clocks = (replace(clock, judged_up_to=max(clock.judged_up_to or up_to, up_to)) for clock in self.clocks)
        return replace(self, clocks=tuple(clocks))

    def is_outdated(self, clock: Clock) -> bool:
        """Whether a clock that is still open runs under a standard that has changed, or is no more."""
        if not clock.state.is_open or clock.standard_id is None:
            return False
        holds = self.in_force.get(clock.key.standard)
        return holds is None or holds.terms.standard_id != clock.standard_id

    def terms_by(self, standard_id: UUID | None) -> Terms | Agreed:
        return BY_AGREEMENT if standard_id is None else self.terms[standard_id]
