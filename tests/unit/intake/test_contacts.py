"""When a logged contact can have been."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.contacts import when
from shared.errors import Invalid

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NEAR_NOW = st.none() | st.integers(-120, 120).map(lambda seconds: NOW + timedelta(seconds=seconds))


@given(NEAR_NOW, NEAR_NOW)
def test_whatever_times_are_said_no_contact_ends_before_it_starts_or_in_the_future(
    started_said: datetime | None, ended_said: datetime | None
) -> None:
    with suppress(Invalid):
        started_at, ended_at = when(started_said, ended_said, NOW)
        assert started_at <= (ended_at or NOW) <= NOW
        assert (ended_at is None) == (ended_said is None)
