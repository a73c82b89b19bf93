"""What a bounce says: whom a mail did not reach, whether it will be tried again, why, and which mail it was."""

import time
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.mail.bounces import LONGEST_WHY, NO_REASON, failures_in
from services.intake.domain.mail.clues import TEXT_BEGINS, Clues
from services.intake.domain.mail.model import FailedDelivery, MailKind
from tests.parts.mail_kinds import samples

BOUNCES = {sample.name.removeprefix("bounce-"): sample for sample in samples() if sample.kind is MailKind.BOUNCE}
FINAL, TRIED_AGAIN = True, False
SENT = "<0195563c51d07a0e8a4f1b2c3d4e5f{}@council.example.org>"

Told = tuple[str, bool, str | None, str]
TOLD: dict[str, list[Told]] = {
    "dragonfly-without-any-sender": [("cy@example.net", FINAL, "5.1.1", "did not like our RCPT TO")],
    "exchange-2003-text": [("pia@ex2003.example.net", FINAL, None, "recipient name is not recognized")],
    "exchange-2007-german": [("rolf@firma.example.com", FINAL, "5.1.1", "konnte nicht gefunden werden")],
    "exchange-french-ndr": [("sam@mairie.example.com", FINAL, "5.7.1", "550 5.7.1 RESOLVER.RST.AuthRequired")],
    "exchange-online-ndr": [("olga@firm.example.com", FINAL, "5.1.10", "Recipient not found by SMTP address lookup")],
    "exim-delay-warning": [("leo@example.com", TRIED_AGAIN, None, "connection timed out")],
    "exim-failed": [("jan@example.com", FINAL, "5.0.0", "550 5.1.1 No such user here")],
    "exim-plain-without-report": [("kim@example.com", FINAL, "5.2.2", "mailbox is full")],
    "forwarded-mailbox": [("yan@home.example.net", FINAL, "5.7.26", "unauthenticated mail is not accepted")],
    "gmail-no-such-user": [("mia@gmail.example.com", FINAL, "5.1.1", "does not exist")],
    "gmail-old-plain-text": [("nan@gmail.example.com", FINAL, "5.1.1", "User unknown")],
    "groupwise": [("vic@gw.example.com", FINAL, None, "user not found")],
    "mdaemon-with-path": [("zoe@md.example.com", FINAL, "5.1.1", "Recipient unknown")],
    "notes-delivery-failure": [("tom@notes.example.com", FINAL, "5.1.1", "not listed in Domino Directory")],
    "notes-plain-text": [("uma@notes5.example.com", FINAL, None, "not listed in public Name & Address Book")],
    "postfix-delayed": [("ben@example.net", TRIED_AGAIN, "4.4.1", "Connection timed out")],
    "postfix-two-recipients": [
        ("cleo@example.net", FINAL, "5.2.2", "552 5.2.2 Mailbox full"),
        ("dan@example.net", FINAL, "5.4.4", "Host or domain name not found"),
    ],
    "postfix-user-unknown": [("ada@example.com", FINAL, "5.1.1", "User unknown in virtual mailbox table")],
    "qmail": [("gus@q.example.com", FINAL, "5.1.1", "no mailbox here by that name")],
    "qmail-by-imap-without-return-path": [("ida@q2.example.com", FINAL, "5.7.1", "rejected by policy")],
    "qmail-double": [("hal@q.example.com", FINAL, "4.1.2", "couldn't find any host")],
    "sendmail-host-unknown": [("eve@nowhere.example.net", FINAL, "5.1.2", "550 Host unknown")],
    "sendmail-plain-old": [("fay@older.example.net", FINAL, None, NO_REASON)],
    "success-report": [],
    "welsh-postmaster": [("abe@cyngor.example.com", FINAL, "5.1.1", "User unknown")],
    "yahoo-plain": [("wim@yahoo.example.com", FINAL, None, "doesn't have a yahoo.example.com account")],
    "zimbra-over-quota": [("xia@zimbra.example.com", FINAL, "4.2.2", "452 4.2.2 Over quota")],
}

RETURNED = {
    "postfix-user-unknown": "60",
    "postfix-delayed": "61",
    "sendmail-host-unknown": "62",
    "sendmail-plain-old": "63",
    "qmail": "64",
    "exim-failed": "65",
    "exim-plain-without-report": "66",
    "gmail-no-such-user": "67",
    "gmail-old-plain-text": "68",
    "exchange-online-ndr": "69",
    "notes-delivery-failure": "70",
    "groupwise": "71",
    "yahoo-plain": "72",
    "dragonfly-without-any-sender": "73",
}


def test_every_bounce_of_the_folder_is_in_the_table() -> None:
    assert TOLD.keys() == BOUNCES.keys()


@pytest.mark.parametrize(("name", "told"), TOLD.items(), ids=TOLD.keys())
def test_whom_it_did_not_reach_and_why(name: str, told: list[Told]) -> None:
    failures = BOUNCES[name].read().bounced
    assert [(each.address, each.is_final, each.status) for each in failures] == [each[:3] for each in told]
    for failure, (*_, words) in zip(failures, told, strict=True):
        assert words in failure.why


@pytest.mark.parametrize("name", BOUNCES)
def test_which_mail_came_back(name: str) -> None:
    returned = BOUNCES[name].read().bounced_ids
    assert list(returned) == ([SENT.format(RETURNED[name])] if name in RETURNED else [])


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            "Final-Recipient: rfc822; <ADA@Example.com>\nAction: failed (no such user)\nStatus: 5.1.1 (unknown)",
            [FailedDelivery("ada@example.com", FINAL, "5.1.1", NO_REASON)],
        ),
        (
            "Final-Recipient: rfc822; ada@example.com\nStatus: 4.4.7\nDiagnostic-Code: smtp; 421\n 4.4.7 later",
            [FailedDelivery("ada@example.com", TRIED_AGAIN, "4.4.7", "421 4.4.7 later")],
        ),
        (
            "Final-Recipient: rfc822; ada@example.com\nAction: expired\nStatus:",
            [FailedDelivery("ada@example.com", FINAL, None, NO_REASON)],
        ),
        (
            "Final-Recipient: x400; /C=GB/ADMD= /\nAction: failed\nStatus: 5.0.0",
            [FailedDelivery(None, FINAL, "5.0.0", NO_REASON)],
        ),
        ("Final-Recipient: rfc822; ada@example.com\nAction: delivered\nStatus: 2.1.5", []),
        ("Final-Recipient: rfc822; ada@example.com\nAction: expanded\nStatus: 2.0.0", []),
        ("Reporting-MTA: dns; mx.example.com", []),
        (" goes on from nothing\n:\n\n:::", []),
    ],
)
def test_fields_of_a_delivery_report(fields: str, told: Sequence[FailedDelivery]) -> None:
    assert list(failures_in(Clues(delivery_status=f"Reporting-MTA: dns; mx.example.com\n\n{fields}\n"))[0]) == told


def test_a_reason_is_one_line_and_not_too_long() -> None:
    report = "Final-Recipient: rfc822; ada@example.com\nAction: failed\nDiagnostic-Code: smtp; 550 " + "no\n " * 2000
    ((failure,), _) = failures_in(Clues(delivery_status=report))
    assert failure.why.startswith("550 no no")
    assert len(failure.why) <= LONGEST_WHY


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300), st.lists(st.text(max_size=60), max_size=2))
def test_whatever_stands_in_it_nothing_is_raised(report: str, text: str, returned: str, named: list[str]) -> None:
    clues = Clues(headers={"x-failed-recipients": named}, delivery_status=report, text=text, returned_headers=returned)
    failures, ids = failures_in(clues)
    assert all(each.why for each in failures)
    assert all(each.startswith("<") for each in ids)


@pytest.mark.parametrize(
    "shape", [" ", "<", "a", "a@", "a@b.cc ", "-", "<a@b.cc>:\n", "not delivered to a@b.cc\n", "x\n "]
)
def test_no_text_takes_more_than_linear_time(shape: str) -> None:
    hostile = shape * (TEXT_BEGINS // len(shape))
    begun = time.perf_counter()
    failures_in(
        Clues(
            headers={"x-failed-recipients": [hostile], "references": [hostile]},
            delivery_status=f"Final-Recipient: {hostile}\nDiagnostic-Code: {hostile}\n",
            text=f"Message-ID: {hostile}",
            returned_headers=f"Message-ID: {hostile}",
        )
    )
    assert time.perf_counter() - begun < 5.0
