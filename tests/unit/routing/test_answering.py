"""Who may answer an offer, pick, complete or transfer a task, and until when."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.domain import tasks as rules
from services.routing.domain.advisers import MOST_LAPSES, does_not_answer
from services.routing.domain.tasks import Offer, OfferState, Purpose, TaskState
from shared.errors import Conflict, Forbidden, Invalid
from shared.vocabulary import AdviserId, EnquiryId, OfferId, QueueId, TaskId, new_id
from tests.builders import ADA, MORNING
from tests.unit.routing.examples import GENERAL, HIGHWAYS, a_task, an_adviser

BOB = AdviserId("bob")
WASTE = QueueId("waste")


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
        rules.check_answerable(an_offer(), now)
    else:
        with pytest.raises(Conflict, match="lapsed"):
            rules.check_answerable(an_offer(), now)


@pytest.mark.parametrize("state", [state for state in OfferState if state is not OfferState.LIVE])
def test_an_offer_that_has_ended_says_how(state: OfferState) -> None:
    with pytest.raises(Conflict, match=str(state)):
        rules.check_answerable(an_offer(state), MORNING - timedelta(hours=1))


def test_only_the_adviser_it_was_made_to_may_answer_an_offer() -> None:
    rules.check_made_to(an_offer(), ADA)
    with pytest.raises(Forbidden, match="somebody else"):
        rules.check_made_to(an_offer(), BOB)


def test_only_the_adviser_who_has_it_may_complete_return_or_transfer_a_task() -> None:
    task = a_task(state=TaskState.ASSIGNED)
    rules.check_held_by(task, ADA)
    with pytest.raises(Forbidden, match="somebody else"):
        rules.check_held_by(task, BOB)


@pytest.mark.parametrize("state", [state for state in TaskState if state is not TaskState.ASSIGNED])
def test_a_task_that_nobody_works_on_cannot_be_completed(state: TaskState) -> None:
    with pytest.raises(Conflict, match=r"This task .*: "):
        rules.check_held_by(a_task(state=state), ADA)


@pytest.mark.parametrize("state", [state for state in TaskState if state is not TaskState.WAITING])
def test_only_what_waits_can_be_picked(state: TaskState) -> None:
    with pytest.raises(Conflict, match=r"(This|Somebody) .*: "):
        rules.check_pickable(a_task(state=state), an_adviser(), MORNING)


def test_a_task_is_picked_only_by_whoever_has_its_queue_and_its_skills() -> None:
    task = a_task(skills=frozenset({"welsh"}))
    rules.check_pickable(task, an_adviser(skills="welsh tax"), MORNING)
    with pytest.raises(Forbidden, match="needs welsh"):
        rules.check_pickable(task, an_adviser(), MORNING)
    with pytest.raises(Forbidden, match="not yours"):
        rules.check_pickable(task, an_adviser(skills="welsh", queues="highways"), MORNING)


def test_a_task_kept_for_one_adviser_is_picked_by_them_or_later() -> None:
    task = a_task(wanted_adviser=BOB, wanted_until=MORNING)
    before = MORNING - timedelta(microseconds=1)
    rules.check_pickable(task, an_adviser("bob"), before)
    rules.check_pickable(task, an_adviser("ada"), MORNING)
    with pytest.raises(Conflict, match="kept for bob"):
        rules.check_pickable(task, an_adviser("ada"), before)


def test_a_transferred_task_meets_the_adviser_on_its_own_queue_if_it_can() -> None:
    task = a_task()
    assert rules.queue_for(task, an_adviser("bob", queues="highways general")) == GENERAL
    assert rules.queue_for(task, an_adviser("bob", queues="highways waste")) == HIGHWAYS
    with pytest.raises(Invalid, match="no queue"):
        rules.queue_for(task, an_adviser("bob", queues=""))
    with pytest.raises(Invalid, match="already"):
        rules.queue_for(a_task(state=TaskState.ASSIGNED), an_adviser("ada"))


def test_a_hand_over_came_from_where_the_enquiry_was_last_dealt_with() -> None:
    first, last = a_task(), a_task(MORNING + timedelta(hours=1), queue_id=HIGHWAYS)
    assert rules.origin_of(HIGHWAYS, ADA, [last, first]) == GENERAL
    assert rules.origin_of(GENERAL, ADA, [last, first]) == HIGHWAYS
    assert rules.origin_of(GENERAL, ADA, [first]) is None


def test_a_hand_over_came_from_the_task_of_whoever_asked_for_it() -> None:
    held, last = a_task(state=TaskState.ASSIGNED), a_task(MORNING + timedelta(hours=1), queue_id=HIGHWAYS)
    assert rules.origin_of(WASTE, ADA, [held, last]) == GENERAL
    assert rules.origin_of(WASTE, BOB, [held, last]) == HIGHWAYS
    part = a_task(state=TaskState.ASSIGNED, purpose=Purpose.WORK, queue_id=HIGHWAYS)
    assert rules.origin_of(WASTE, ADA, [part, a_task()]) == HIGHWAYS


def test_a_part_of_the_work_that_was_handed_over_is_not_where_the_enquiry_is() -> None:
    first, part = a_task(), a_task(MORNING + timedelta(hours=1), queue_id=HIGHWAYS, purpose=Purpose.WORK)
    assert rules.last_dealt_with([part, first]) == first
    assert rules.last_dealt_with([part]) is None
    assert rules.origin_of(WASTE, BOB, [part, first]) == GENERAL


@given(st.lists(st.booleans(), max_size=6))
def test_only_silence_offer_after_offer_means_that_nobody_is_there(lapsed: list[bool]) -> None:
    assert does_not_answer(lapsed) == (lapsed[:MOST_LAPSES] == [True] * MOST_LAPSES)
