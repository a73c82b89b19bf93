"""How long a message waits before it is tried again, and what its failure may give away."""

from datetime import timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from services.intake.domain.messages import LONGEST_WAIT, wait_after
from shared.contracts.base import personal_fields
from shared.contracts.intake import MessageFailed

FIRST_WAITS = st.floats(1, 86_400).map(lambda seconds: timedelta(seconds=seconds))


@given(st.integers(1, 10_000), FIRST_WAITS)
@example(10_000, timedelta(seconds=1))
def test_however_often_a_message_was_tried_its_wait_doubles_up_to_the_longest(nth: int, first: timedelta) -> None:
    wait = wait_after(nth, first)
    assert wait <= LONGEST_WAIT
    assert wait_after(nth + 1, first) == min(2 * wait, LONGEST_WAIT)


def test_why_a_message_failed_is_personal_because_it_may_quote_an_address() -> None:
    assert personal_fields(MessageFailed) == {"because"}
