"""What is fetched of a folder and in which portions, and what headers tell of the way a mail came."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.mail.fetching import (
    MOST_BYTES,
    MOST_MAILS,
    Folder,
    Listed,
    Position,
    believed,
    portions,
    sent_from,
    sent_to,
)
from services.intake.domain.mail.headers import Head, head_of
from tests.parts.growth import MOST_GROWTH, TIMES, taken

CUT_OVER = datetime(2026, 1, 5, 8, tzinfo=UTC)
OLD, NEW = CUT_OVER - timedelta(days=1), CUT_OVER + timedelta(days=1)
US = "enquiries@anytown.example"


def is_ours(address: str) -> bool:
    local, _, domain = address.casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}" == US


@given(
    st.lists(
        st.tuples(st.integers(1, 20_000_000), st.sampled_from([OLD, NEW, None, datetime(1970, 1, 1, tzinfo=UTC)])),
        max_size=200,
    )
)
def test_every_mail_is_in_one_portion_in_order_and_no_portion_is_too_large(sizes: list[tuple[int, datetime]]) -> None:
    listed = [Listed(uid, *told) for uid, told in enumerate(sizes, start=1)]
    made = list(portions(reversed(listed), CUT_OVER))
    settled = [uid for portion in made for uid in sorted([*portion.uids, *portion.passed_over])]
    assert settled == [mail.uid for mail in listed]
    assert {uid for portion in made for uid in portion.passed_over} == {
        mail.uid for mail in listed if mail.arrived_at == OLD
    }
    for portion in made:
        assert len(portion.wanted) <= MOST_MAILS
        assert len(portion.wanted) == 1 or sum(mail.size for mail in portion.wanted) <= MOST_BYTES


def test_a_mail_over_which_a_connection_was_lost_goes_alone() -> None:
    listed = [Listed(uid, 100, NEW) for uid in range(1, 6)]
    assert [portion.uids for portion in portions(listed, CUT_OVER, {2, 3})] == [[1], [2], [3], [4, 5]]


@pytest.mark.parametrize(
    ("arrived_at", "known"),
    [(NEW, True), (None, False), (datetime(1970, 1, 1, tzinfo=UTC), False), (NEW + timedelta(days=30_000), False)],
)
def test_a_time_of_arrival_is_believed_when_it_can_be_true(arrived_at: datetime | None, *, known: bool) -> None:
    assert (believed(arrived_at, NEW) is not None) is known


@pytest.mark.parametrize(
    ("validity", "uid_next", "same"),
    [(7, 11, True), (7, None, True), (7, 500, True), (8, 11, False), (7, 10, False), (7, 1, False)],
)
def test_a_folder_that_was_made_anew_is_recognised(validity: int, uid_next: int | None, *, same: bool) -> None:
    folder = Folder(validity, uid_next, 3)
    assert folder.is_what_was_read(Position(7, 10, CUT_OVER)) is same


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ("Delivered-To: enquiries+tok@anytown.example", "enquiries+tok@anytown.example"),
        ("Delivered-To: box7@provider.example\nX-Original-To: Enquiries@Anytown.Example", "Enquiries@Anytown.Example"),
        (f"Delivered-To: {US}\nTo: Council <enquiries+tok@anytown.example>", "enquiries+tok@anytown.example"),
        (f"To: jo@example.org, {US}", US),
        ("To: jo@example.org\nCc: enquiries+a@anytown.example", "enquiries+a@anytown.example"),
        ("To: undisclosed-recipients:;", US),
        ("", US),
        ("To: " + '"' * 50_000 + US, US),
    ],
)
def test_the_address_is_the_mailboxs_with_what_follows_its_plus(headers: str, address: str) -> None:
    raw = f"{headers}\n\nHello".lstrip("\n").encode()
    assert sent_to(head_of(raw), US, is_ours) == address


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ("Return-Path: <>", ""),
        ("Return-Path: <jo@example.org>", "jo@example.org"),
        ("Return-Path: jo@example.org\nReturn-Path: <other@example.org>", "jo@example.org"),
        ("Return-Path: MAILER-DAEMON", None),
        ("Subject: hello", None),
    ],
)
def test_whom_a_bounce_would_go_to_is_what_the_last_server_wrote_down(headers: str, address: str | None) -> None:
    assert sent_from(head_of(f"{headers}\n\nHello".encode())) == address


def test_a_word_without_an_at_is_tried_from_its_beginning_alone() -> None:
    """With another of as many signs to tell by: one in which no word is longer than a sign."""
    words, word = head_of(b"To: " + b"a " * 100_000), head_of(b"To: " + b"a" * 200_000)

    def look(head: Head) -> str:
        return sent_to(head, "", lambda _: False)

    assert any(taken(look, word) < MOST_GROWTH / TIMES * taken(look, words) for _ in range(3))
