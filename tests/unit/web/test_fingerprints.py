"""A fingerprint is equal only when all of the command is."""

from hypothesis import given
from hypothesis import strategies as st

from shared.web.idempotency import fingerprint

COMMANDS = st.tuples(
    st.sampled_from(["POST", "PUT"]),
    st.text(max_size=5),
    st.none() | st.text(max_size=3),
    st.binary(max_size=5),
)


@given(COMMANDS, COMMANDS)
def test_two_commands_have_one_fingerprint_only_when_they_are_the_same(
    one: tuple[str, str, str | None, bytes], other: tuple[str, str, str | None, bytes]
) -> None:
    assert (fingerprint(*one) == fingerprint(*other)) == (one == other)


def test_no_part_can_pose_as_another() -> None:
    assert fingerprint("PUT", "/a", None, b"b") != fingerprint("PUT", "/a", "b", b"")
    assert fingerprint("PUT", "/ab", None, b"") != fingerprint("PUT", "/a", None, b"b")
    assert fingerprint("PUT", "/a", None, b"") != fingerprint("PUT", "/a", "", b"")
