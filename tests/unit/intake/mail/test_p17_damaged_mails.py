"""P17: no damage to a mail makes reading it fail in a way that nobody thought of. `tests.faults.mutated` does more."""

import time
from contextlib import suppress
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain.mail.identity import identity_of
from services.intake.domain.mail.reading import Unreadable, read
from tests.faults.mutated import SLOWEST, check
from tests.faults.mutating import mutated
from tests.parts.mails import corpus

MAILS = corpus()


def read_or_unreadable(raw: bytes) -> None:
    begun = time.process_time()
    identity_of(raw)
    with suppress(Unreadable):
        check(read(raw, sent_from=None, ours=lambda _: False))
    assert time.process_time() - begun < SLOWEST


@settings(max_examples=2500)
@given(st.integers(0, 2**62))
def test_p17_a_damaged_mail_is_read_or_said_to_be_unreadable(seed: int) -> None:
    read_or_unreadable(mutated(Random(seed), MAILS))


@settings(max_examples=500)
@given(st.sampled_from(MAILS), st.binary(max_size=60), st.integers(0, 10_000))
def test_p17_any_bytes_anywhere_in_a_mail_do_no_harm(raw: bytes, odd: bytes, at: int) -> None:
    read_or_unreadable(raw[:at] + odd + raw[at:])


@settings(max_examples=300)
@given(st.binary(max_size=2000))
def test_p17_any_bytes_are_read_or_unreadable(raw: bytes) -> None:
    read_or_unreadable(raw)
