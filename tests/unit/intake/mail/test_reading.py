"""Reading: of every mail something can be told, and what could not be read is said."""

from __future__ import annotations

import base64
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.intake.domain.mail.model import Mail, MailKind, Sender
from services.intake.domain.mail.reading import Unreadable, read
from tests.architecture.tree import ROOT
from tests.parts.bad_mails import BAD
from tests.parts.mails import HEAD, REPORT, corpus, mail, of_parts, part

SOON = 5.0


def of(raw: bytes, sent_from: str | None = "ada@example.org") -> Mail:
    return read(raw, sent_from=sent_from, ours=lambda message_id: message_id.endswith("@anytown.example>"))


def test_a_letter_is_read_whole() -> None:
    raw = mail(
        b"It is dark.\r\n\r\n-- \r\nAda\r\n",
        "In-Reply-To: <c@d>\nReferences: <a@b> <c@d>\nCc: Bob <bob@example.org>\nReply-To: home@example.org\n"
        "Content-Language: en-GB",
    )
    found = of(raw)
    assert found == Mail(
        kind=MailKind.ORDINARY,
        because=found.because,
        sender=Sender("Ada Lovelace", "ada@example.org"),
        subject="Street light",
        text="It is dark.",
        signature="-- \nAda",
        message_id="<1@example.org>",
        mentions=("<c@d>", "<a@b>"),
        recipients=("hello@anytown.example", "bob@example.org"),
        answers_to=("home@example.org",),
        sent_at=datetime(2024, 6, 3, 9, tzinfo=UTC),
        language="en-gb",
    )


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_still_a_mail(what: str) -> None:
    begun = time.process_time()
    found = of(BAD[what])
    assert found.kind is MailKind.ORDINARY
    assert time.process_time() - begun < SOON


@pytest.mark.parametrize(
    ("what", "note"),
    [
        ("nothing at all", "There is nothing in it."),
        ("no From", "It does not say whom it is from: the sender on its envelope was taken."),
        ("broken boundaries", "The boundary between its parts is not the one that it declares."),
        ("an unknown charset", "Its charset (x-nobody) does not fit: some characters may be wrong."),
        ("parts nested 400 deep", "Its parts are nested more than 25 deep: what lies deeper was kept as a file."),
        ("1970", "It says that it was sent in 1970, which is not so."),
        ("2099", "It says that it was sent in 2099, which is not so."),
        ("no date that there is", "When it was sent cannot be read."),
    ],
)
def test_what_could_not_be_read_is_told(what: str, note: str) -> None:
    found = of(BAD[what])
    assert note in found.notes
    assert found.sent_at is None or "was sent" not in note


def test_what_can_be_read_of_bad_input_is() -> None:
    assert of(BAD["only a body"]).text == "Hello, it is dark."
    assert of(BAD["no empty line"]).text == "Hello."
    assert of(BAD["broken boundaries"]).text == "One"
    assert of(BAD["NUL in headers"]).subject == "Street light"
    assert of(BAD["raw bytes in headers"]).subject == "Straße light"
    assert of(BAD["raw bytes in headers"]).sender.name == "Äda Lovelace"
    assert of(BAD["an address that is not ASCII"]).sender.address == "ádá@exämple.org"
    assert [each.name for each in of(BAD["only a file"]).parts] == ["a.pdf"]
    assert [each.name for each in of(BAD["an invitation alone"]).parts] == ["invitation.ics"]
    assert [each.name for each in of(BAD["twenty mails within each other"]).parts] == ["Street light.eml"]


@pytest.mark.parametrize(
    ("headers", "sent_from", "sender"),
    [
        (b"From: Ada <a@b.example>\nFrom: Bob <c@d.example>", None, Sender("Ada", "a@b.example")),
        (b"From: Ada <a@b.example>, Bob <c@d.example>", None, Sender("Ada", "a@b.example")),
        (b"From: Ada\nSender: Bob <c@d.example>", None, Sender("Ada", "c@d.example")),
        (b"From: Ada", "x@y.example", Sender("Ada", "x@y.example")),
        (b"X: y", "srs0=abc=de=b.example=a@relay.example", Sender(None, None)),
        (b"From: Group: a@b.example;", None, Sender(None, "a@b.example")),
        (b"From: undisclosed:;", "", Sender(None, None)),
        (b"X: y", None, Sender(None, None)),
    ],
)
def test_the_sender_is_the_first_who_can_be_answered(headers: bytes, sent_from: str | None, sender: Sender) -> None:
    assert of(mail(head=headers.replace(b"\n", b"\r\n") + b"\r\n"), sent_from).sender == sender


def test_random_bytes_are_unreadable() -> None:
    with pytest.raises(Unreadable, match="no header"):
        of(bytes(range(256)) * 20)


def test_a_bounce_names_who_was_not_reached_and_which_mail_it_was() -> None:
    found = of(
        of_parts(
            "report",
            part("text/plain", b"Sorry"),
            part("message/delivery-status", REPORT),
            part("message/rfc822", mail()),
            report_type="delivery-status",
        ),
        "",
    )
    assert found.kind is MailKind.BOUNCE
    assert [(each.address, each.is_final) for each in found.bounced] == [("ada@example.org", True)]
    assert found.bounced_ids == ("<1@example.org>",)


def test_our_own_mail_is_known_by_its_message_id() -> None:
    raw = mail(head=HEAD.replace(b"<1@example.org>", b"<1@anytown.example>"))
    assert of(raw).kind is MailKind.OURS


@pytest.mark.parametrize("raw", corpus())
def test_every_mail_of_the_corpus_is_read(raw: bytes) -> None:
    found = of(raw)
    assert found.because
    assert len(found.text) + len(found.parts) > 0 or "There is nothing in it." in found.notes


LARGE = """
import re, sys
from pathlib import Path
from services.intake.domain.mail.identity import identity_of
from services.intake.domain.mail.reading import read
def peak():  # not by getrusage, which also counts what the program that started this one had
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
read(b"From: a@b.example\\n\\nHi", sent_from=None, ours=lambda _: False)
raw = Path(sys.argv[1]).read_bytes()
before = peak()
identity_of(raw)
identified = peak()
found = read(raw, sent_from=None, ours=lambda _: False)
assert len(found.parts[0].content) == 18_500_000
print(identified - before, peak() - before)
"""


def test_a_mail_of_25_mb_takes_no_more_memory_than_its_content_again(tmp_path: Path) -> None:
    """In a process of its own, whose peak is that of this mail."""
    packed = base64.encodebytes(bytes(range(250)) * 74_000)
    file = part("a/b; name=a.bin", packed, "Content-Transfer-Encoding: base64")
    large = tmp_path / "large.eml"
    large.write_bytes(of_parts("mixed", part("text/plain", b"Hi"), file))
    ran = subprocess.run(
        [sys.executable, "-c", LARGE, str(large)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    for_identity, for_both = map(float, ran.stdout.split())
    assert for_identity < 5
    assert for_both < 25
