"""What a further version of the council file means here: standards kept for good, and running clocks moved to them."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from services.sla.actions.settling import make_sense, settle
from services.sla.domain.terms import AGREED, Terms, terms_of
from services.sla.store import facts, standards
from services.sla.store.facts import Holding
from shared.council import Current
from shared.errors import Unavailable
from shared.vocabulary import EnquiryId, enquiry_subject, new_id
from shared.work import Cause, Work, Workshop

log = structlog.get_logger()

SUPERSEDE = "supersede"
MOST_AT_ONCE = 50


async def take_up(work: Work, current: Current) -> None:
    """Keeps the standards in their present form. Clocks are moved afterwards, by a sweep: there may be many."""
    before = await standards.held_before(work.db, current.version)
    council = current.council
    terms = [terms_of(council, standard) for standard in council.standard if standard.code != AGREED]
    holdings = [holding(each, before.get(each.code), current.version) for each in terms]
    await standards.hold(work.db, current.version, terms, holdings)
    work.wake(SUPERSEDE)


def holding(terms: Terms, before: Holding | None, version: int) -> Holding:
    if before is None:
        return Holding(terms.code, terms.standard_id, version, version)
    since = before.since if before.standard_id == terms.standard_id else version
    return Holding(terms.code, terms.standard_id, since, before.code_since)


async def supersede(workshop: Workshop) -> None:
    """
    A sweep: closes each clock whose standard has changed, and opens the next from the same start.

    An enquiry on which that fails is left to the next sweep, and keeps no other waiting.
    """
    left: set[EnquiryId] = set()
    while True:
        async with workshop.reading() as db:
            enquiries = await standards.outdated(db, MOST_AT_ONCE, left)
        if not enquiries:
            return
        try:
            await move(workshop, enquiries)
        except Exception as error:
            if isinstance(error, Unavailable):
                raise
            left |= await move_one_by_one(workshop, enquiries)


async def move_one_by_one(workshop: Workshop, enquiries: Sequence[EnquiryId]) -> set[EnquiryId]:
    """Those on which it failed."""
    failed = set()
    for enquiry_id in enquiries:
        try:
            await move(workshop, [enquiry_id])
        except Exception as error:
            if isinstance(error, Unavailable):
                raise
            log.error("a clock was not moved", service=workshop.service, enquiry_id=str(enquiry_id), exc_info=error)
            failed.add(enquiry_id)
    return failed


async def move(workshop: Workshop, enquiries: Sequence[EnquiryId]) -> None:
    async def act(work: Work) -> None:
        for enquiry_id in enquiries:
            found = await facts.known(work.db, enquiry_id)
            await settle(work, await make_sense(work, enquiry_id, found))

    await workshop.run(list(map(enquiry_subject, enquiries)), act, Cause(f"timer/{SUPERSEDE}", new_id()))
