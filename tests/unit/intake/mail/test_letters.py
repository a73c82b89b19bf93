"""A message as a mail: what stands in its headers, its text and its HTML, whatever citizens and advisers write."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, message_from_string
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import compat32, default
from email.utils import parseaddr
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.mail.letters import ADDRESS, letter_of, one_line, posting_of
from services.intake.domain.mail.tokens import message_id_of, number_in, token_of
from services.intake.domain.mail.written import BY_LANGUAGE
from services.intake.domain.messages import Message, Occasion, Posting
from services.intake.domain.progress import Promise, Standing
from shared.council import Council, read_council
from shared.errors import Refused
from shared.vocabulary import Channel, EnquiryId, MessageId, MessageKind, Reference
from tests.parts.councils import anytown

KEY = b"k" * 32
NUMBER = "EJZ2-8T5C-Y4GE"
REFERENCE = Reference(f"ANY-{NUMBER}")
ID = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
COUNCIL = read_council(anytown())
WITHOUT_LETTERS = COUNCIL.model_copy(update={"letters": type(COUNCIL.letters)()})
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
IN_SUMMER = datetime(2026, 7, 6, 16, 0, tzinfo=UTC)
ANYTHING = st.text(max_size=120)
NASTY = "Jo\r\nBcc: everybody@example.org\r\n\r\n<script>"


def a_message(**given: Any) -> Message:
    token = token_of(KEY, NUMBER)
    plain: dict[str, Any] = {
        "message_id": MessageId(ID),
        "enquiry_id": EnquiryId(ID),
        "reference": REFERENCE,
        "kind": MessageKind.FULL,
        "text": "It is mended.",
        "channel": Channel.EMAIL,
        "name": "Jo Miller",
        "address": "jo@example.org",
        "language": "en",
        "mailbox": "enquiries",
        "mail_message_id": message_id_of(ID, token, "anytown.example"),
    }
    return Message(**{**plain, **given})


def an_occasion(*promises: Promise, council: Council = COUNCIL, **given: Any) -> Occasion:
    plain: dict[str, Any] = {
        "council": council,
        "sender": council.mailbox[0],
        "address": council.mailbox[0].addresses[0],
        "token": token_of(KEY, NUMBER),
        "received_at": MONDAY,
        "promises": promises,
        "written_at": MONDAY,
    }
    return Occasion(**{**plain, **given})


def promised(
    standard: str | None, due_at: datetime | None = IN_SUMMER, standing: Standing = Standing.RUNNING
) -> Promise:
    return Promise(standard, due_at, standing)


def read(posting: Posting) -> EmailMessage:
    read = message_from_string(posting.raw.decode("utf-8"), policy=default)
    assert isinstance(read, EmailMessage)
    return read


def sent(*promises: Promise, council: Council = COUNCIL, **given: Any) -> EmailMessage:
    return read(posting_of(a_message(**given), an_occasion(*promises, council=council)))


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_a_mail_says_who_it_is_from_and_carries_the_token_where_answers_bring_it_back() -> None:
    mail = sent()
    assert (mail["From"], mail["To"]) == (
        "Anytown Council enquiries <enquiries@anytown.example>",
        "Jo Miller <jo@example.org>",
    )
    assert mail["Date"].datetime == MONDAY
    assert number_in(KEY, mail["Reply-To"]) == number_in(KEY, mail["Message-ID"]) == NUMBER
    assert REFERENCE in mail["Subject"]
    assert (mail.get_content_type(), [part.get_content_type() for part in mail.iter_parts()]) == (
        "multipart/alternative",
        ["text/plain", "text/html"],
    )
    assert mail["Content-Language"] == "en"
    assert mail["List-Unsubscribe"] is mail["In-Reply-To"] is None


def test_its_envelope_brings_bounces_back_to_the_same_enquiry() -> None:
    posting = posting_of(a_message(), an_occasion())
    assert (number_in(KEY, posting.sender), posting.recipient) == (NUMBER, "jo@example.org")
    assert posting.message_id == a_message().mail_message_id


def test_for_one_message_and_moment_it_is_always_the_same() -> None:
    assert posting_of(a_message(), an_occasion()) == posting_of(a_message(), an_occasion())


@pytest.mark.parametrize("kind", MessageKind)
def test_only_a_receipt_is_automatic(kind: MessageKind) -> None:
    mail = sent(kind=kind)
    automatic = ("auto-replied", "All") if kind is MessageKind.RECEIPT else (None, None)
    assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == automatic


def test_it_answers_the_citizens_mail() -> None:
    mail = sent(answers_to="<abc@example.org>")
    assert mail["In-Reply-To"] == mail["References"] == "<abc@example.org>"


@pytest.mark.parametrize(
    "strange", ["<a b@example.org>", "<a@b>\r\nBcc: x@example.org", "a@b", "<>", "<jö@example.org>"]
)
def test_what_is_no_message_id_is_not_answered_to(strange: str) -> None:
    mail = sent(answers_to=strange)
    assert mail["In-Reply-To"] is mail["Bcc"] is None


@pytest.mark.parametrize("language", BY_LANGUAGE)
@pytest.mark.parametrize("kind", MessageKind)
def test_there_are_words_for_every_kind_of_message(kind: MessageKind, language: str) -> None:
    written = letter_of(a_message(kind=kind, language=language), an_occasion(council=WITHOUT_LETTERS))
    assert written.language == language
    assert REFERENCE in written.subject
    assert REFERENCE in written.text
    assert ("It is mended." in written.text) is (kind is not MessageKind.RECEIPT)
    assert "{" not in written.text + written.subject


def test_a_receipt_tells_the_promises_that_run_in_the_citizens_language() -> None:
    promises = [
        promised("acknowledgement"),
        promised("answer", standing=Standing.KEPT),
        promised("taken-up"),
        promised("agreed-nowhere"),
        promised(None),
    ]
    english = text_of(sent(*promises, kind=MessageKind.RECEIPT, text=""))
    assert "within one working day. That is by Monday, 6 July 2026 at 17:00." in english
    assert "We agreed to answer by Monday, 6 July 2026 at 17:00." in english
    assert "reached us on Monday, 2 March 2026" in english
    assert "ten working days" not in english
    mail = sent(*promises, kind=MessageKind.RECEIPT, text="", language="cy-GB")
    welsh = text_of(mail)
    assert mail["Content-Language"] == "cy"
    assert mail["Subject"] == f"Mae eich ymholiad wedi cyrraedd: {REFERENCE}"
    assert mail["From"].addresses[0].display_name == "Ymholiadau Cyngor Anytown"
    assert "un diwrnod gwaith. Hynny yw erbyn Dydd Llun, 6 Gorffennaf 2026 am 17:00." in welsh
    assert "\n\n\n" not in welsh


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (MessageKind.RECEIPT, ["one working day", "ten working days", "We agreed"]),
        (MessageKind.QUESTION, ["one working day", "ten working days", "We agreed"]),
        (MessageKind.ACKNOWLEDGEMENT, ["ten working days", "We agreed"]),
        (MessageKind.HOLDING, ["ten working days", "We agreed"]),
        (MessageKind.FULL, []),
    ],
)
def test_no_letter_promises_what_it_keeps_itself(kind: MessageKind, told: list[str]) -> None:
    """When it is written, nobody has heard yet that it keeps anything."""
    letters = {"letters": {kind: {"subject": "{{ reference }}", "text": "{{ promises | join(' ') }}."}}}
    council = Council.model_validate({**COUNCIL.model_dump(by_alias=True), **letters})
    promises = [promised("acknowledgement"), promised("answer"), promised(None)]
    text = text_of(sent(*promises, council=council, kind=kind))
    assert [words for words in ("one working day", "ten working days", "We agreed") if words in text] == told


def test_a_day_is_written_as_people_there_write_it() -> None:
    about = COUNCIL.council.model_copy(update={"nation": "US-MA", "zone": "America/New_York"})
    american = COUNCIL.model_copy(update={"council": about})
    text = text_of(sent(promised(None), council=american, kind=MessageKind.RECEIPT))
    assert "by Monday, July 6, 2026 at 12:00\N{NARROW NO-BREAK SPACE}PM." in text


def test_a_language_that_nobody_has_words_of_falls_back_to_the_councils_first() -> None:
    assert sent(language="pl")["Content-Language"] == "en"
    assert sent(language=None, council=WITHOUT_LETTERS)["Content-Language"] == "en"
    assert sent(language="../../etc", kind=MessageKind.RECEIPT)["Content-Language"] == "en"


def test_a_letter_that_names_no_reference_has_it_in_its_subject_all_the_same() -> None:
    letters = {"letters": {"full": {"subject": "Our answer\tto you", "text": "{{ text }}"}}}
    council = Council.model_validate({**COUNCIL.model_dump(by_alias=True), **letters})
    mail = sent(council=council)
    assert mail["Subject"] == f"Our answer to you [{REFERENCE}]"
    assert mail["Content-Language"] is None


def test_a_letter_that_cannot_be_filled_in_gives_way_to_ours() -> None:
    letters = {"letters": {"full": {"subject": "{{ of_a_later_release }}", "text": "{{ text }}"}}}
    council = Council.model_validate({**COUNCIL.model_dump(by_alias=True), **letters})
    assert sent(council=council)["Subject"] == f"Our answer to your enquiry {REFERENCE}"


def test_what_an_adviser_wrote_is_no_template_and_no_html() -> None:
    mail = sent(text="{{ name }} <b>bold</b> & co\nSee https://anytown.example/bins?a=1&b=2.\n\nBye")
    assert "{{ name }} <b>bold</b> & co" in text_of(mail)
    html = text_of(mail, "html")
    assert "{{ name }} &lt;b&gt;bold&lt;/b&gt; &amp; co<br>" in html
    url = "https://anytown.example/bins?a=1&amp;b=2"
    assert f'<a href="{url}">{url}</a>.</p>' in html
    assert '<p dir="auto">Bye</p>' in html


@pytest.mark.parametrize("name", ["Claim at https://evil.example/win", "WWW.evil.example", "jo@example.org"])
def test_nobody_is_called_what_leads_somewhere(name: str) -> None:
    mail = sent(name=name, kind=MessageKind.RECEIPT)
    for shown in (text_of(mail), text_of(mail, "html")):
        assert name not in shown


def test_names_break_out_of_no_header() -> None:
    council = COUNCIL.model_copy(update={"mailbox": (COUNCIL.mailbox[0].model_copy(update={"name": {"": NASTY}}),)})
    mail = sent(council=council, name=NASTY, text=NASTY, language=NASTY, kind=MessageKind.RECEIPT)
    assert mail["Bcc"] is None
    assert len(mail["To"].addresses) == len(mail["From"].addresses) == 1
    assert mail["To"].addresses[0].addr_spec == "jo@example.org"


@given(ANYTHING, ANYTHING)
def test_whatever_a_citizen_is_called_the_mail_goes_to_them_alone(name: str, text: str) -> None:
    raw = posting_of(a_message(name=name, text=text), an_occasion()).raw
    head, _, _ = raw.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    names = [line.split(b":")[0].decode() for line in lines if line[:1] not in (b" ", b"\t")]
    assert len(names) == len(set(names))
    assert set(names) <= {
        *("Message-ID", "From", "To", "Reply-To", "Subject", "Date", "Content-Language"),
        *("MIME-Version", "Content-Type"),
    }
    assert raw.isascii()
    assert raw.replace(b"\r\n", b"").count(b"\n") == raw.replace(b"\r\n", b"").count(b"\r") == 0
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert [address.addr_spec for address in message_from_bytes(raw, policy=default)["To"].addresses] == [
        "jo@example.org"
    ]
    # Not by the modern policy: it shows a blank between two encoded words of a name.
    shown, address = parseaddr(message_from_bytes(raw, policy=compat32)["To"])
    assert address == "jo@example.org"
    assert one_line(str(make_header(decode_header(shown)))) == one_line(name)[:100].strip()


@given(ANYTHING)
def test_the_text_arrives_as_it_was_written(text: str) -> None:
    letters = {"letters": {"full": {"subject": "Answer", "text": "[{{ text }}]"}}}
    council = Council.model_validate({**COUNCIL.model_dump(by_alias=True), **letters})
    seen = "".join(text_of(sent(text=text, council=council)).split())
    assert seen.startswith("[")
    assert seen.endswith("]")
    shown = "".join(sign for sign in text if sign.isprintable() and not sign.isspace())
    assert [sign for sign in seen[1:-1] if sign.isprintable()] == list(shown)


@pytest.mark.parametrize(
    ("address", "recipient"),
    [
        ("jo@example.org", "jo@example.org"),
        ("jo+bins@example.org", "jo+bins@example.org"),
        ("o'jo@example.org", "o'jo@example.org"),
        ("jo@bücher.example", "jo@xn--bcher-kva.example"),
        ("jö@example.org", "jö@example.org"),
    ],
)
def test_addresses_that_are_in_use_are_written_to(address: str, recipient: str) -> None:
    posting = posting_of(a_message(address=address), an_occasion())
    assert posting.recipient == recipient
    assert read(posting)["To"].addresses[0].addr_spec == recipient
    assert posting.raw.isascii() is recipient.isascii()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "jo",
        "jo@",
        "@example.org",
        "jo@a@b",
        "jo miller@example.org",
        "jo@example.org\r\nBcc: a@b",
        "<jo@example.org>",
    ],
)
def test_what_is_no_address_is_refused_with_a_sentence(address: str) -> None:
    with pytest.raises(Refused, match="is not an address"):
        posting_of(a_message(address=address), an_occasion())


@given(st.from_regex(ADDRESS, fullmatch=True))
def test_no_address_makes_anything_fail_but_by_being_refused(address: str) -> None:
    try:
        posting = posting_of(a_message(address=address), an_occasion())
    except Refused:
        return
    assert posting.recipient.rpartition("@")[0] == address.rpartition("@")[0]
    assert f"<{posting.recipient}>\r\n" in posting.raw.decode()
