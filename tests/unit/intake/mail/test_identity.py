"""Identity: the same by whatever way a mail came, and another as soon as its sender would call it another."""

import time
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.intake.domain.mail.identity import AT_ONCE, identity_of, unique_key
from services.intake.domain.mail.model import Identity
from tests.parts.mails import corpus, mail

WRITTEN = ("From", "Date", "Subject")
words = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=12)
sentences = st.lists(words, min_size=1, max_size=12)
paragraphs = st.lists(sentences, max_size=6)
traces = st.lists(
    st.tuples(
        st.sampled_from(
            ["Received", "Return-Path", "Delivered-To", "X-Spam-Status", "X-UID", "Authentication-Results"]
        ),
        sentences,
    ),
    max_size=4,
)


def written(
    subject: list[str], body: list[list[str]], *, line_end: str = "\r\n", fold: str = " ", more: str = ""
) -> bytes:
    lines = [f"From: Ada <ada@example.org>{line_end}", f"Subject: {fold.join(subject)}{line_end}"]
    lines += [f"Date: Mon, 03 Jun 2024 10:00:00 +0100{line_end}", f"Message-ID: <1@example.org>{line_end}"]
    return (more + "".join(lines) + line_end + line_end.join(" ".join(each) for each in body)).encode()


@given(sentences, paragraphs, traces)
def test_trace_headers_do_not_count(
    subject: list[str], body: list[list[str]], found: list[tuple[str, list[str]]]
) -> None:
    more = "".join(f"{name}: {' '.join(said)}\r\n" for name, said in found)
    assert identity_of(written(subject, body, more=more)) == identity_of(written(subject, body))


@given(sentences, paragraphs, st.sampled_from(["\n", "\r\n", "\r\r\n"]))
def test_line_ends_do_not_count(subject: list[str], body: list[list[str]], line_end: str) -> None:
    assert identity_of(written(subject, body, line_end=line_end)) == identity_of(written(subject, body))


@given(sentences, paragraphs, st.sampled_from(["\r\n ", "\r\n\t", "\n  ", "\t", "   "]))
def test_how_a_header_is_folded_does_not_count(subject: list[str], body: list[list[str]], fold: str) -> None:
    assert identity_of(written(subject, body, fold=fold)) == identity_of(written(subject, body))


@given(sentences, paragraphs, st.sampled_from(["  ", "\t\r\n", "\r\n\r\n\r\n", "\n", " \r\n \r\n"]))
def test_white_space_at_the_end_does_not_count(subject: list[str], body: list[list[str]], end: str) -> None:
    raw = written(subject, body)
    assert identity_of(raw + end.encode()) == identity_of(raw)


@given(sentences, paragraphs, paragraphs)
def test_another_body_is_another_mail(subject: list[str], one: list[list[str]], other: list[list[str]]) -> None:
    assume([word for line in one for word in line] != [word for line in other for word in line])
    assert identity_of(written(subject, one)).content != identity_of(written(subject, other)).content


@given(st.sampled_from(WRITTEN), sentences, sentences)
def test_another_from_date_or_subject_is_another_mail(name: str, one: list[str], other: list[str]) -> None:
    assume(one != other)
    first, second = (mail(headers=f"{name}: {' '.join(value)}", head=b"") for value in (one, other))
    assert identity_of(first).content != identity_of(second).content


def test_what_one_header_says_is_not_what_another_one_says() -> None:
    as_subject, as_date = (mail(headers=f"{name}: x", head=b"") for name in ("Subject", "Date"))
    assert identity_of(as_subject).content != identity_of(as_date).content
    in_the_body = mail(b"y", headers="Subject: x", head=b"")
    assert identity_of(in_the_body).content != identity_of(mail(b"", headers="Subject: x y", head=b"")).content


def test_the_copy_fetched_by_imap_is_the_one_that_came_by_smtp() -> None:
    by_smtp = mail(b"One  line \r\n\r\nand \x00 another\r\n\r\n")
    by_imap = (
        b"Return-Path: <ada@example.org>\nDelivered-To: hello@anytown.example\nReceived: from a by b;\n\tMon\n"
        + by_smtp.replace(b"\r\n", b"\n").replace(b"Subject: Street", b"Subject:\n Street").rstrip()
    ).replace(b"\x00", b"\x80")
    assert identity_of(by_smtp) == identity_of(by_imap)


@given(st.integers(0, 2**32), st.integers(AT_ONCE - 3, AT_ONCE + 3))
def test_where_the_body_is_cut_for_looking_at_it_does_not_count(seed: int, length: int) -> None:
    dice = Random(seed)
    body = bytes(dice.choice(b"ab \t\r\n") for _ in range(64)) * (length // 64 + 2)
    assert identity_of(mail(body)).content == identity_of(mail(b" ".join(body.split()))).content


@given(st.binary(max_size=500))
def test_any_bytes_have_an_identity(raw: bytes) -> None:
    identity = identity_of(raw)
    assert len(identity.content) == 32
    assert identity == identity_of(bytes(raw))
    assert len(unique_key("a@b", identity)) == 32


@pytest.mark.parametrize("one", range(len(corpus())))
def test_mails_of_the_corpus_are_told_from_each_other(one: int) -> None:
    mails = corpus()
    same = [n for n, raw in enumerate(mails) if identity_of(raw) == identity_of(mails[one])]
    # Three of them are one mail with different line ends.
    assert same == [one] or {mails[n].replace(b"\r\n", b"\n").replace(b"\r", b"\n") for n in same} == {
        mails[one].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    }


def test_a_key_is_of_one_mailbox_one_message_id_and_one_content() -> None:
    content, other = b"c" * 32, b"d" * 32
    keys = [
        unique_key("a@b", Identity("<1@x>", content)),
        unique_key("c@d", Identity("<1@x>", content)),
        unique_key("a@b", Identity("<2@x>", content)),
        unique_key("a@b", Identity(None, content)),
        unique_key("a@b", Identity("", content)),
        unique_key("a@b", Identity("<1@x>", other)),
        unique_key("a@b<1@x>", Identity(None, content)),
    ]
    assert len(set(keys)) == len(keys)
    assert unique_key("A@B", Identity("<1@x>", content)) == keys[0]


def test_thirty_megabytes_of_words_take_little_time() -> None:
    """How little memory it takes, `test_reading.py` measures."""
    raw = mail(b"Street light number twelve is out.\r\n" * 850_000)
    begun = time.process_time()
    identity_of(raw)
    assert time.process_time() - begun < 5


def test_by_a_form_without_message_id_two_citizens_write_two_mails_and_one_who_is_heard_twice_one() -> None:
    def form(answered: str, more: str = "") -> Identity:
        return identity_of(f"From: forms@x.example\nReply-To: {answered}\nSubject: Bins\n{more}\nAgain.\n".encode())

    assert form("ada@example.org") != form("jo@example.org")
    assert form("ada@example.org") == form("ada@example.org", "Received: from x\n")
    with_id = "Message-ID: <1@x.example>\n"
    assert form("ada@example.org", with_id) == form("jo@example.org", with_id)
