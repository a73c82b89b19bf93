"""Who may answer an offer and complete a task, and until when."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing import domain
from services.routing.domain import GENERAL, Offer, OfferState, TaskState
from shared.errors import Conflict, Forbidden
from shared.vocabulary import AdviserId, EnquiryId, OfferId, TaskId, new_id
from tests.builders import ADA, MORNING
from tests.unit.routing.test_choosing import a_task


def an_offer(state: OfferState = OfferState.LIVE) -> Offer:
    return Offer(
        offer_id=OfferId(new_id()),
        task_id=TaskId(new_id()),
        enquiry_id=EnquiryId(new_id()),
        queue_id=GENERAL,
        adviser_id=ADA,
        state=state,
        lease_until=MORNING,
    )


@given(st.integers(-60_000_000, 60_000_000))
def test_a_live_offer_can_be_answered_exactly_until_its_lease_ends(microseconds: int) -> None:
    now = MORNING + timedelta(microseconds=microseconds)
    if microseconds < 0:
        domain.check_answerable(an_offer(), now)
    else:
        with pytest.raises(Conflict, match="lapsed"):
            domain.check_answerable(an_offer(), now)


@pytest.mark.parametrize("state", [state for state in OfferState if state is not OfferState.LIVE])
def test_an_offer_that_has_ended_says_how(state: OfferState) -> None:
    with pytest.raises(Conflict, match=str(state)):
        domain.check_answerable(an_offer(state), MORNING - timedelta(hours=1))


def test_only_the_adviser_it_was_made_to_may_answer_an_offer() -> None:
    domain.check_made_to(an_offer(), ADA)
    with pytest.raises(Forbidden, match="somebody else"):
        domain.check_made_to(an_offer(), AdviserId("bob"))


def test_only_the_adviser_who_has_it_may_complete_a_task() -> None:
    task = a_task(state=TaskState.ASSIGNED)
    domain.check_completable(task, ADA)
    with pytest.raises(Forbidden, match="somebody else"):
        domain.check_completable(task, AdviserId("bob"))


@pytest.mark.parametrize("state", [state for state in TaskState if state is not TaskState.ASSIGNED])
def test_a_task_that_nobody_works_on_cannot_be_completed(state: TaskState) -> None:
    with pytest.raises(Conflict, match=r"This task .*: "):
        domain.check_completable(a_task(state=state), ADA)
