"""What people may decide about an enquiry, and what it is afterwards."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crm.domain import enquiries as rules
from services.crm.domain.contacts import Contact
from services.crm.domain.enquiries import Enquiry, EnquiryState
from services.crm.domain.links import Linked, check_link
from services.crm.domain.timeline import Entry, EntryKind, check_version
from shared.errors import Conflict, Invalid
from shared.vocabulary import (
    AdviserId,
    AnswerKind,
    Channel,
    CitizenId,
    ContactId,
    Direction,
    IdentifiedBy,
    Link,
    Outcome,
    Point,
    Reference,
    Resolution,
    new_id,
)
from tests.builders import MORNING, an_enquiry_id

LATER = MORNING + timedelta(hours=1)
Deed = Callable[[Enquiry], Enquiry]

DEEDS: dict[str, Deed] = {
    "acknowledge": lambda enquiry: rules.answered(enquiry, AnswerKind.ACKNOWLEDGEMENT, LATER),
    "hold": lambda enquiry: rules.answered(enquiry, AnswerKind.HOLDING, LATER),
    "answer": lambda enquiry: rules.answered(enquiry, AnswerKind.FULL, LATER),
    "ask": lambda enquiry: rules.asked(enquiry, LATER),
    "resume": rules.resumed,
    "resolve": lambda enquiry: rules.resolved(enquiry, Resolution.DONE, LATER),
    "reopen": rules.reopened,
    "classify": lambda enquiry: rules.classified(enquiry, "564"),
    "identify": lambda enquiry: rules.identified(enquiry, CitizenId(new_id()), IdentifiedBy.ADVISER),
    "hand over": rules.handed_over,
}
OPEN, ANSWERED, AWAITING, RESOLVED = EnquiryState
ALLOWED: dict[str, dict[EnquiryState, EnquiryState]] = {
    "acknowledge": {OPEN: OPEN, ANSWERED: ANSWERED, AWAITING: AWAITING},
    "hold": {OPEN: OPEN, ANSWERED: ANSWERED, AWAITING: AWAITING},
    "answer": {OPEN: ANSWERED, ANSWERED: ANSWERED, AWAITING: ANSWERED},
    "ask": {OPEN: AWAITING, ANSWERED: AWAITING, AWAITING: AWAITING},
    "resume": {AWAITING: OPEN},
    "resolve": {OPEN: RESOLVED, ANSWERED: RESOLVED, AWAITING: RESOLVED},
    "reopen": {RESOLVED: OPEN},
    "classify": {state: state for state in EnquiryState},
    "identify": {state: state for state in EnquiryState},
    "hand over": {OPEN: OPEN, ANSWERED: ANSWERED, AWAITING: AWAITING},
}
"""Every deed in every state: what it becomes, or nothing when it is refused."""


def an_enquiry() -> Enquiry:
    return Enquiry(
        enquiry_id=an_enquiry_id(),
        reference=Reference("ANY-0000-0000-0000"),
        title="A lamp is out",
        text="Since Monday.",
        place=None,
        service_code=None,
        channel=Channel.WEB,
        received_at=MORNING,
    )


def in_state(state: EnquiryState) -> Enquiry:
    return {
        OPEN: an_enquiry(),
        ANSWERED: rules.answered(an_enquiry(), AnswerKind.FULL, MORNING),
        AWAITING: rules.asked(an_enquiry(), MORNING),
        RESOLVED: rules.resolved(an_enquiry(), Resolution.NOT_OURS, MORNING),
    }[state]


def a_contact(**fields: object) -> Contact:
    contact = Contact(
        contact_id=ContactId(new_id()),
        channel=Channel.EMAIL,
        point=Point.MAILBOX,
        direction=Direction.INBOUND,
        outcome=Outcome.RECEIVED,
        started_at=LATER,
        ended_at=LATER,
    )
    return replace(contact, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("state", EnquiryState)
@pytest.mark.parametrize("deed", DEEDS)
def test_every_deed_in_every_state_is_allowed_or_refused_with_a_sentence(deed: str, state: EnquiryState) -> None:
    before = in_state(state)
    becomes = ALLOWED[deed].get(state)
    if becomes is None:
        with pytest.raises(Conflict, match=r"^This enquiry .+: .+\.$"):
            DEEDS[deed](before)
    else:
        after = DEEDS[deed](before)
        assert (after.state, after.version) == (becomes, before.version + 1)


@given(st.lists(st.sampled_from(sorted(DEEDS)), max_size=12))
def test_whatever_is_done_the_times_fit_the_state_and_every_version_is_somebodys(deeds: list[str]) -> None:
    enquiry, accepted = an_enquiry(), 0
    for deed in deeds:
        try:
            enquiry = DEEDS[deed](enquiry)
        except Conflict:
            continue
        accepted += 1
        assert (enquiry.asked_at is not None) == enquiry.is_awaiting
        assert (enquiry.resolved_at is not None) == enquiry.is_resolved == (enquiry.resolution is not None)
        assert enquiry.state is not ANSWERED or enquiry.answered_at is not None
    assert enquiry.version == 1 + accepted


@given(st.lists(st.sampled_from([AnswerKind.ACKNOWLEDGEMENT, AnswerKind.HOLDING, AnswerKind.FULL]), max_size=6))
def test_an_enquiry_is_answered_by_its_first_full_answer_and_by_nothing_else(answers: list[AnswerKind]) -> None:
    enquiry = an_enquiry()
    moments = [MORNING + timedelta(minutes=minute) for minute in range(len(answers))]
    for kind, at in zip(answers, moments, strict=True):
        enquiry = rules.answered(enquiry, kind, at)
    full = [at for kind, at in zip(answers, moments, strict=True) if kind is AnswerKind.FULL]
    assert enquiry.answered_at == (full[0] if full else None)
    assert enquiry.state is (ANSWERED if full else OPEN)


def test_a_further_question_does_not_begin_the_wait_anew() -> None:
    assert rules.asked(in_state(AWAITING), LATER).asked_at == MORNING


@pytest.mark.parametrize(
    ("state", "contact", "becomes"),
    [
        (OPEN, a_contact(), OPEN),
        (ANSWERED, a_contact(), ANSWERED),
        (AWAITING, a_contact(), OPEN),
        (RESOLVED, a_contact(), OPEN),
        (AWAITING, a_contact(direction=Direction.OUTBOUND), AWAITING),
        (RESOLVED, a_contact(direction=Direction.OTHER), RESOLVED),
        (RESOLVED, a_contact(outcome=Outcome.ABANDONED), RESOLVED),
        (AWAITING, a_contact(started_at=MORNING - timedelta(hours=1)), OPEN),
        (AWAITING, a_contact(started_at=MORNING - timedelta(hours=1), logged_by=AdviserId("ada")), AWAITING),
        (RESOLVED, a_contact(started_at=MORNING - timedelta(hours=1), logged_by=AdviserId("ada")), RESOLVED),
        (RESOLVED, a_contact(logged_by=AdviserId("ada")), OPEN),
        (RESOLVED, a_contact(logged_by=AdviserId("ada"), outcome=Outcome.RESOLVED_AT_FIRST_CONTACT), RESOLVED),
        (AWAITING, a_contact(logged_by=AdviserId("ada"), outcome=Outcome.RESOLVED_AT_FIRST_CONTACT), AWAITING),
    ],
)
def test_the_citizens_own_word_resumes_and_reopens_and_nothing_else_does(
    state: EnquiryState, contact: Contact, becomes: EnquiryState
) -> None:
    before = in_state(state)
    after = rules.contacted(before, contact)
    assert after.state is becomes
    assert after.version == before.version + (becomes is not state)


def an_entry(kind: EntryKind, detail: str | None, version: int) -> Entry:
    return Entry(kind=kind, detail=detail, occurred_at=LATER, recorded_at=LATER, actor="adviser/bob", version=version)


def test_a_conflict_tells_everything_that_has_changed_and_by_whom() -> None:
    since = [an_entry(EntryKind.ANSWERED, "holding", 2), an_entry(EntryKind.WORK_REQUESTED, "highways", 3)]
    check_version(3, 3, [])
    with pytest.raises(Conflict, match=r"answered \(holding\) by adviser/bob; work requested \(highways\) by"):
        check_version(1, 3, since)


def test_a_version_that_does_not_exist_yet_is_a_conflict() -> None:
    with pytest.raises(Conflict, match="no version 7"):
        check_version(7, 1, [])


def test_an_enquiry_is_linked_once_in_each_way_and_never_to_itself() -> None:
    one, other = an_enquiry_id(), an_enquiry_id()
    linked = Linked(other_enquiry_id=other, link=Link.RELATED, linked_at=LATER, linked_by="adviser/ada")
    check_link(one, other, Link.RELATED, [])
    check_link(one, other, Link.DUPLICATE_OF, [linked])
    with pytest.raises(Conflict, match="already"):
        check_link(one, other, Link.RELATED, [linked])
    with pytest.raises(Invalid, match="itself"):
        check_link(one, one, Link.RELATED, [])
