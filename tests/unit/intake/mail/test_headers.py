"""Header lines out of anything: what is whole is read, what is odd is passed over, and nothing raises."""

import time
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.mail.addresses import addresses_in, senders_in
from services.intake.domain.mail.charsets import decoded_words
from services.intake.domain.mail.headers import head_of, language_of, message_id_of, message_ids_in
from services.intake.domain.mail.model import Sender
from services.intake.domain.mail.parameters import media_type_of, parameters_of
from tests.parts.mails import HEAD, corpus, mail

SOON = 2.0
"""Seconds of a processor: generous, as others may use it, and far from what quadratic time would take."""


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n", b"\r", b"\r\r\n"])
def test_a_mail_has_the_same_headers_whatever_ends_its_lines(line_end: bytes) -> None:
    raw = mail().replace(b"\r\n", line_end)
    head = head_of(raw)
    assert (head.text("subject"), head.text("from")) == ("Street light", "Ada Lovelace <ada@example.org>")
    assert raw[head.body_at :].strip() == b"The light is out."


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        (b"Subject: one\r\n two\r\n\tthree\r\n\r\n", "one two three"),
        (b"Subject:\r\n one\r\n\r\n", "one"),
        (b"Subject : one\n\n", "one"),
        (b"SUBJECT:one\n\n", "one"),
        (b"Sub\x00ject: o\x00ne\n\n", "one"),
        (b"\xef\xbb\xbfSubject: one\n\n", "one"),
        (b"From ada Mon Jun  3 10:00:00 2024\nSubject: one\n\n", "one"),
        (b"X-Odd line without a colon\nSubject: one\n\n", "one"),
        (b"Subject: a stray\rCR\r\n\r\n", "a stray CR"),
        (b"Subject: one", "one"),
        (b"Subject: \n\n", ""),
        (b"Subject: caf\xe9\n\n", "café"),
        (b"Subject: caf\xc3\xa9\n\n", "café"),
        (b"Subject: =?utf-8?B?R29sYXUg?= =?utf-8?Q?stryd=20=E2=80=93?=\n\n", "Golau stryd –"),
        (b"Subject: =?utf-8?B?ww==?= =?utf-8?B?qQ==?=\n\n", "é"),
        (b"Subject: =?utf-8?Q?=C3?=\r\n =?utf-8?Q?=A9?= !\n\n", "é !"),
        (b"Subject: =?x-nobody?Q?caf=E9?=\n\n", "café"),
        (b"Subject: =?utf-8?Q?not closed\n\n", "=?utf-8?Q?not closed"),
        (b"Subject: =?utf-7?Q?+2AA-?=\n\n", "\ufffd"),
        (b"Subject: a\x1bb\n\n", "ab"),
    ],
)
def test_a_subject_is_read_as_a_person_would(raw: bytes, subject: str) -> None:
    assert head_of(raw).text("subject") == subject


def test_without_an_empty_line_the_body_begins_where_no_header_can_be() -> None:
    raw = b"Subject: one\nDear council, it is dark.\nAda\n"
    assert raw[head_of(raw).body_at :] == b"Dear council, it is dark.\nAda\n"


def test_ten_thousand_header_lines_are_read_at_once() -> None:
    begun = time.process_time()
    head = head_of(mail(headers="\n".join(f"X-Line-{n}: {n}" for n in range(10_000))))
    assert head.text("x-line-9999") == "9999"
    assert time.process_time() - begun < SOON


@given(st.binary(max_size=400))
def test_no_bytes_make_it_raise_and_none_of_the_body_is_lost(raw: bytes) -> None:
    head = head_of(raw)
    assert 0 <= head.body_at <= len(raw)
    for name in head.values:
        head.text(name).encode()


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_a_body_does_not_change_the_headers(one: bytes, other: bytes) -> None:
    assert head_of(HEAD + b"\r\n" + one).values == head_of(HEAD + b"\r\n" + other).values


@pytest.mark.parametrize(
    ("line", "senders"),
    [
        ("ada@example.org", [(None, "ada@example.org")]),
        ("Ada <Ada@Example.ORG>", [("Ada", "ada@example.org")]),
        ('"Lovelace, Ada" <ada@example.org>', [("Lovelace, Ada", "ada@example.org")]),
        ("Lovelace, Ada <ada@example.org>", [("Lovelace, Ada", "ada@example.org")]),
        ("ada@example.org (Ada)", [("Ada", "ada@example.org")]),
        ("Ada (of (old) London) <ada@example.org>", [("Ada", "ada@example.org")]),
        ('"bob@example.com" <ada@example.org>', [("bob@example.com", "ada@example.org")]),
        ("=?utf-8?Q?Br=C3=ADd?= <b@example.ie>", [("Bríd", "b@example.ie")]),
        ('"=?utf-8?Q?Br=C3=ADd?=" <b@example.ie>', [("Bríd", "b@example.ie")]),
        ("=?utf-8?Q?Ada_=3Cada=40example.org=3E?=", [("Ada", "ada@example.org")]),
        ("Grp: a@b.org, C <c@d.org>; e@f.org", [(None, "a@b.org"), ("C", "c@d.org"), (None, "e@f.org")]),
        ("undisclosed-recipients:;", []),
        ("a@b.org; c@d.org", [(None, "a@b.org"), (None, "c@d.org")]),
        ("jürgen@müller.example", [(None, "jürgen@müller.example")]),
        ("Ada <ada at example>", [("Ada", None)]),
        ("<>", []),
        ("", []),
        ("Ada (unclosed <ada@example.org>", [("Ada ( unclosed", "ada@example.org")]),
        ("'ada@example.org'", [(None, "ada@example.org")]),
        ("<@relay.example:ada@example.org>", [(None, "ada@example.org")]),
    ],
)
def test_names_and_addresses_are_found_as_they_are_really_written(
    line: str, senders: list[tuple[str | None, str | None]]
) -> None:
    assert senders_in(line) == [Sender(*each) for each in senders]


@pytest.mark.parametrize("odd", ['"', "(", "<", "@", ",", ":", '"\\', "a@", "((@", "=?", ";:,"])
def test_a_long_header_of_nonsense_is_read_soon(odd: str) -> None:
    begun = time.process_time()
    senders_in(odd * 10_000)
    parameters_of(f"text/plain; {odd * 10_000}")
    assert time.process_time() - begun < SOON


def test_ten_thousand_addresses_are_all_read() -> None:
    line = ", ".join(f"Person {n} <p{n}@example.org>" for n in range(10_000))
    begun = time.process_time()
    assert len(list(addresses_in([line]))) == 10_000
    assert time.process_time() - begun < SOON


names = st.text(st.characters(codec="utf-8", categories=("L", "N", "Zs")), max_size=20).map(
    lambda n: " ".join(n.split())
)
locals_ = st.from_regex(r"[a-z0-9][a-z0-9+_-]{0,10}", fullmatch=True)


@given(st.lists(st.tuples(names, locals_), min_size=1, max_size=5))
def test_addresses_are_the_ones_that_the_standard_library_finds(people: list[tuple[str, str]]) -> None:
    line = ", ".join(f'"{name}" <{local}@example.org>' for name, local in people)
    message = message_from_bytes(b"To: " + line.encode() + b"\n\n", policy=default)
    assert [each.address for each in senders_in(line)] == [each.addr_spec for each in message["to"].addresses]


@pytest.mark.parametrize(
    ("line", "parameters"),
    [
        ("text/plain; charset=utf-8", {"charset": "utf-8"}),
        ('a/b; name="a;b.pdf"; x=1', {"name": "a;b.pdf", "x": "1"}),
        ("a/b; NAME=my file.pdf", {"name": "my file.pdf"}),
        (r'a/b; name="a \"b\".pdf"', {"name": 'a "b".pdf'}),
        ("a/b; name*=utf-8'en'gr%C3%B6%C3%9Fe.pdf", {"name": "größe.pdf"}),
        ("a/b; name*0=one; name*1=two", {"name": "onetwo"}),
        ("a/b; name*1*=%A9; name*0*=utf-8''%C3", {"name": "é"}),
        ("a/b; name*=nobody''caf%E9", {"name": "café"}),
        ('a/b; name="=?utf-8?Q?gr=C3=B6=C3=9Fe.pdf?="', {"name": "größe.pdf"}),
        ("a/b;; ;name=x", {"name": "x"}),
        ("a/b; name=; y", {"name": ""}),
        ("a/b; name=a; name=b", {"name": "a"}),
    ],
)
def test_parameters_are_read_in_every_spelling(line: str, parameters: dict[str, str]) -> None:
    assert parameters_of(line) == parameters


@pytest.mark.parametrize("line", ["", "text", "text/", "/plain", ";", "multipart", "tëxt/plain"])
def test_what_is_no_media_type_counts_as_none(line: str) -> None:
    assert media_type_of(line, "text/plain") == "text/plain"


@pytest.mark.parametrize(
    ("value", "message_id"),
    [
        (b"<a@b>", "<a@b>"),
        (b"a@b", "<a@b>"),
        (b" <a@\r\n b> ", "<a@b>"),
        (b"<a@b> (remark)", "<a@b>"),
        (b"<<a@b>>", "<a@b>"),
        (b"<>", None),
        (b"", None),
        (b"  ", None),
    ],
)
def test_a_message_id_is_the_same_however_it_was_wrapped(value: bytes, message_id: str | None) -> None:
    assert message_id_of(value) == message_id


def test_a_message_id_too_long_for_an_index_is_still_its_own() -> None:
    one, other = (message_id_of(b"<" + b"a" * 5000 + last + b"@b>") for last in (b"1", b"2"))
    assert one is not None
    assert one != other
    assert len(one) < 500


def test_references_are_read_in_their_order() -> None:
    assert message_ids_in(b"<a@b><c@d>\r\n junk <e@f>") == ["<a@b>", "<c@d>", "<e@f>"]


@pytest.mark.parametrize(("value", "language"), [("cy", "cy"), ("en-GB, cy", "en-gb"), ("", None), ("!", None)])
def test_the_language_is_the_first_that_is_declared(value: str, language: str | None) -> None:
    assert language_of(head_of(f"Content-Language: {value}\n\n".encode())) == language


@pytest.mark.parametrize("raw", corpus())
def test_every_mail_of_the_corpus_has_a_head_that_can_be_stored(raw: bytes) -> None:
    head = head_of(raw)
    for name in head.values:
        assert "\x00" not in head.text(name)


@pytest.mark.parametrize(
    ("charset", "as_bytes", "text"),
    [
        (
            "x-nobody",
            "Здравствуйте уважаемые".encode("koi8-r"),
            "Здравствуйте уважаемые".encode("koi8-r").decode("cp1252"),
        ),
        ("iso-8859-1", "Straße".encode(), "Straße"),
        ("iso-8859-1", "Straße".encode("latin-1"), "Straße"),
        ("utf-8", "Straße".encode("latin-1"), "Straße"),
        ("koi8-r", "Здравствуйте".encode("koi8-r"), "Здравствуйте"),
        ("utf-16", b"Bins", "Bins"),
        ("iso-2022-jp", "街灯".encode("iso2022_jp"), "街灯"),
    ],
)
def test_an_encoded_word_is_read_as_it_declares_and_nothing_is_guessed(
    charset: str, as_bytes: bytes, text: str
) -> None:
    word = "".join(f"={byte:02x}" for byte in as_bytes)
    assert decoded_words(f"=?{charset}?q?{word}?=") == text
