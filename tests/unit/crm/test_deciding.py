"""What advisers may decide about an enquiry, and what it is afterwards."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.crm import domain
from services.crm.domain import Enquiry, EnquiryState, Entry, EntryKind
from shared.errors import Conflict
from shared.vocabulary import AnswerKind, Channel, Reference, Resolution
from tests.builders import MORNING, an_enquiry_id

LATER = MORNING + timedelta(hours=1)

kinds = st.sampled_from([AnswerKind.ACKNOWLEDGEMENT, AnswerKind.HOLDING, AnswerKind.FULL])


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


@given(st.lists(kinds, max_size=6))
def test_an_enquiry_is_answered_by_its_first_full_answer_and_by_nothing_else(
    answers: list[AnswerKind],
) -> None:
    enquiry = an_enquiry()
    moments = [MORNING + timedelta(minutes=minute) for minute in range(len(answers))]
    for kind, at in zip(answers, moments, strict=True):
        enquiry = domain.answered(enquiry, kind, at)
    full = [at for kind, at in zip(answers, moments, strict=True) if kind is AnswerKind.FULL]
    assert enquiry.answered_at == (full[0] if full else None)
    assert enquiry.state is (EnquiryState.ANSWERED if full else EnquiryState.OPEN)
    assert enquiry.version == 1 + len(answers)


@given(kinds)
def test_a_resolved_enquiry_cannot_be_answered(kind: AnswerKind) -> None:
    enquiry = domain.resolved(an_enquiry(), Resolution.DONE, LATER)
    with pytest.raises(Conflict, match="open a new one"):
        domain.answered(enquiry, kind, LATER)


def test_an_enquiry_is_resolved_once() -> None:
    enquiry = domain.resolved(an_enquiry(), Resolution.NOT_OURS, LATER)
    assert (enquiry.state, enquiry.version, enquiry.resolved_at) == (EnquiryState.RESOLVED, 2, LATER)
    with pytest.raises(Conflict, match="not_ours"):
        domain.resolved(enquiry, Resolution.DONE, LATER)


def test_a_conflict_tells_what_has_changed_and_by_whom() -> None:
    enquiry = domain.answered(an_enquiry(), AnswerKind.HOLDING, LATER)
    entry = Entry(
        kind=EntryKind.ANSWERED,
        detail="holding",
        occurred_at=LATER,
        recorded_at=LATER,
        actor="adviser/bob",
        version=2,
    )
    domain.check_version(enquiry, 2, [])
    with pytest.raises(Conflict, match=r"answered \(holding\) by adviser/bob"):
        domain.check_version(enquiry, 1, [entry])


def test_a_version_that_does_not_exist_yet_is_a_conflict() -> None:
    with pytest.raises(Conflict, match="no version 7"):
        domain.check_version(an_enquiry(), 7, [])
