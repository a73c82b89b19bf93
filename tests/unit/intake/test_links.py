"""Links to files: nobody makes one without the key, changes one, or uses one that is over."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.links import check_link, signature_of
from shared.errors import Forbidden
from shared.vocabulary import FileId, new_id
from tests.builders import MORNING

FILE = FileId(new_id())
EXPIRES = int(MORNING.timestamp())


def test_a_link_is_good_until_it_is_over() -> None:
    signature = signature_of(b"key", FILE, EXPIRES)
    check_link(b"key", FILE, EXPIRES, signature, MORNING)
    with pytest.raises(Forbidden, match="is over"):
        check_link(b"key", FILE, EXPIRES, signature, MORNING + timedelta(seconds=1))


@given(st.binary(min_size=1), st.uuids(), st.integers(0, 10**11), st.text())
def test_no_part_of_a_link_can_be_changed(key: bytes, file_id: FileId, expires: int, signature: str) -> None:
    given_out = signature_of(b"the key of this installation", FILE, EXPIRES)
    for forged in (signature, given_out, signature_of(key, file_id, expires)):
        with pytest.raises(Forbidden):
            check_link(b"the key of this installation", file_id, expires, forged, MORNING + timedelta(days=1))
        with pytest.raises(Forbidden):
            check_link(b"the key of this installation", file_id, 10**11, forged, MORNING)
