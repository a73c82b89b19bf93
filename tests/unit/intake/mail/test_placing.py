"""Where a mail goes: the corpus of threads played in memory, and the laws that hold for whatever arrives."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.contacts import Known
from services.intake.domain.mail.model import Mail, MailKind, Place, PlacedAs, Sender, Thread
from services.intake.domain.mail.placing import MOST_NAMED, named_in, numbers_in, placed, threads_of
from services.intake.domain.mail.reading import read
from services.intake.domain.mail.tokens import message_id_of, token_of, with_token
from shared.references import RANDOM_BITS, number_of
from shared.vocabulary import EnquiryId, Reference, new_id
from tests.parts.threads import (
    MAILBOX,
    Arrives,
    Correspondence,
    Opens,
    Resolves,
    SameCitizen,
    Sends,
    Step,
    correspondences,
    delivered,
    own_message_id,
)

KEY = b"the key of this installation"
CORPUS = correspondences()
MACHINES = [kind for kind in MailKind if kind.is_a_machines]
PERSONS = [kind for kind in MailKind if not kind.is_a_machines]
EXAMPLE = "7K3M-9QPX-2RT4"
FAR_APART = 0x5DEECE66D1F3B
"""So that the numbers of the corpus look like those that are given."""


@dataclass(slots=True)
class Council:
    """What intake and crm would have stored."""

    enquiries: dict[str, Known] = field(default_factory=dict)
    message_ids: dict[str, str] = field(default_factory=dict)
    mails: dict[str, Known] = field(default_factory=dict)
    ours: set[str] = field(default_factory=set)
    participants: dict[EnquiryId, set[str]] = field(default_factory=dict)
    citizens: list[frozenset[EnquiryId]] = field(default_factory=list)

    def token(self, enquiry: str) -> str:
        return token_of(KEY, self.reference(enquiry))

    def reference(self, enquiry: str) -> str:
        return self.enquiries[enquiry].reference

    def message_id(self, mail: str) -> str:
        return self.message_ids[mail]

    def play(self, step: Step) -> None:
        match step:
            case Opens(enquiry, by):
                self.open(enquiry, by)
            case SameCitizen(enquiries):
                self.citizens.append(frozenset(self.enquiries[each].enquiry_id for each in enquiries))
            case Sends(mail, enquiry, to):
                self.send(mail, self.enquiries[enquiry], to)
            case Resolves():
                pass  # it still takes what its citizen says
            case Arrives():
                self.arrive(step)

    def open(self, name: str, by: str | None) -> Known:
        number = number_of((len(self.participants) + 1) * FAR_APART % 2**RANDOM_BITS)
        known = Known(EnquiryId(new_id()), Reference(f"ANY-{number}"))
        self.enquiries[name] = known
        self.participants[known.enquiry_id] = {by.lower()} if by else set()
        return known

    def send(self, mail: str, known: Known, to: str) -> None:
        message_id = message_id_of(new_id(), token_of(KEY, known.reference), "council.example.org")
        self.message_ids[mail] = message_id
        self.mails[message_id] = known
        self.ours.add(message_id)
        self.participants[known.enquiry_id].add(to.lower())

    def arrive(self, step: Arrives) -> None:
        given = delivered(step, self)
        mail = read(given.raw, sent_from=given.sent_from, ours=lambda each: each in self.ours)
        place = self.place(mail, given.sent_to)
        on = self.enquiries[step.becomes.enquiry].enquiry_id if step.becomes.enquiry else None
        assert (place.placed_as, place.thread and place.thread.enquiry_id) == (step.becomes.placed_as, on), place
        self.message_ids[step.mail] = own_message_id(step.mail)
        self.take(step, mail, place)

    def place(self, mail: Mail, sent_to: str) -> Place:
        by_number = {known.reference.removeprefix("ANY-"): known for known in self.enquiries.values()}
        named = named_in(KEY, mail, sent_to)
        return placed(mail, threads_of(named, by_number, self.mails, self.known_on(mail.sender.address)))

    def known_on(self, address: str | None) -> set[EnquiryId]:
        given = {enquiry for enquiry, addresses in self.participants.items() if address in addresses}
        return given.union(*(citizen for citizen in self.citizens if citizen & given))

    def take(self, step: Arrives, mail: Mail, place: Place) -> None:
        if place.placed_as in (PlacedAs.ENQUIRY, PlacedAs.HELD):
            known = self.open(step.becomes.called or f"of {step.mail}", mail.sender.address)
            self.mails[own_message_id(step.mail)] = known
        elif place.placed_as is PlacedAs.FURTHER and place.thread:
            self.mails[own_message_id(step.mail)] = Known(place.thread.enquiry_id, place.thread.reference)


@pytest.mark.parametrize("thread", CORPUS, ids=[thread.name for thread in CORPUS])
def test_p09_each_mail_goes_where_the_table_says(thread: Correspondence) -> None:
    council = Council()
    for step in thread.steps:
        council.play(step)


def test_p09_the_corpus_is_as_large_as_was_promised() -> None:
    assert len(CORPUS) >= 60
    assert len({thread.name for thread in CORPUS}) == len(CORPUS)
    told = [step.becomes.placed_as for thread in CORPUS for step in thread.steps if isinstance(step, Arrives)]
    assert set(told) == set(PlacedAs)


numbers = st.integers(0, 2**RANDOM_BITS - 1).map(number_of)
threads = st.builds(
    Thread,
    st.uuids().map(EnquiryId),
    numbers.map(lambda number: Reference(f"ANY-{number}")),
    st.just("It answers a mail of this enquiry."),
    st.booleans(),
)


def a_mail(kind: MailKind = MailKind.ORDINARY, **rest: Any) -> Mail:
    mail = Mail(kind=kind, because="Because.", sender=Sender("Ada", "ada@example.org"), subject="Bins", text="Words.")
    return replace(mail, **rest)


@given(st.sampled_from(PERSONS), st.lists(threads, max_size=6))
def test_a_stranger_never_gets_onto_an_enquiry(kind: MailKind, named: list[Thread]) -> None:
    place = placed(a_mail(kind), named)
    assert (place.placed_as is PlacedAs.FURTHER) == any(thread.knows_sender for thread in named)
    assert place.placed_as is not PlacedAs.FURTHER or (place.thread is not None and place.thread.knows_sender)
    assert (place.placed_as is PlacedAs.ENQUIRY) == (not named)
    assert place.thread is None or place.thread in named


@given(st.sampled_from(MACHINES), st.lists(threads, max_size=6))
def test_a_machines_mail_is_noted_and_nothing_else(kind: MailKind, named: list[Thread]) -> None:
    place = placed(a_mail(kind), named)
    assert place.placed_as is PlacedAs.NOTED
    assert (place.thread is None) == (not named)


@given(st.sampled_from(list(MailKind)), st.lists(threads, min_size=1, max_size=6))
def test_of_several_the_strongest_that_knows_the_sender_counts(kind: MailKind, named: list[Thread]) -> None:
    known = [thread for thread in named if thread.knows_sender]
    assert placed(a_mail(kind), named).thread == (known or named)[0]


@given(st.sampled_from(list(MailKind)), st.lists(threads, max_size=3))
def test_why_is_a_sentence_with_nothing_personal_in_it(kind: MailKind, named: list[Thread]) -> None:
    why = placed(a_mail(kind), named).why
    assert why[0].isupper()
    assert why.endswith(".")
    assert "ada" not in why.lower()


@given(numbers, st.sampled_from(["Re: [{}]", "AW: {}", "SV: {}: bins", "{}", "my {}?", "({}), please", "x\t{}\n"]))
def test_a_reference_is_found_wherever_it_stands(number: str, around: str) -> None:
    for written in (
        f"ANY-{number}",
        number,
        number.lower(),
        f"Any {number.replace('-', ' ')}",
        number.replace("-", "–"),
    ):
        assert number in numbers_in(around.format(written))


@given(st.text(max_size=200))
def test_whatever_a_subject_says_only_whole_numbers_are_found(subject: str) -> None:
    assert all(numbers_in(number) == [number] for number in numbers_in(subject))


@pytest.mark.parametrize(
    "subject",
    ["", "ANY-7K3M-9QPX-2RT5", "ANY-7K3M-9QPX", "xx7K3M-9QPX-2RT4y", "Please come and look", "0" * 11, "Ref: 12345678"],
)
def test_what_is_no_whole_reference_is_not_found(subject: str) -> None:
    assert numbers_in(subject) == []


def test_a_subject_full_of_numbers_is_not_looked_through_for_ever() -> None:
    subject = " ".join(number_of(n) for n in range(200))
    assert len(numbers_in(subject)) <= MOST_NAMED


def test_a_clue_counts_once_and_by_its_strongest_form() -> None:
    known = Known(EnquiryId(new_id()), Reference(f"ANY-{EXAMPLE}"))
    sent = message_id_of(new_id(), token_of(KEY, EXAMPLE), "council.example.org")
    mail = a_mail(subject=f"Re: {known.reference}", mentions=(sent, "<other@example.com>"))
    named = named_in(KEY, mail, with_token(MAILBOX, token_of(KEY, EXAMPLE)))
    assert (named.by_token, named.by_mention) == ((EXAMPLE,), (sent, "<other@example.com>"))
    (thread,) = threads_of(named, {EXAMPLE: known}, {sent: known}, {known.enquiry_id})
    assert thread.clue.startswith("It came to an address")
    assert thread.knows_sender


def test_an_id_of_ours_names_its_enquiry_only_when_the_mail_is_ours() -> None:
    own = message_id_of(new_id(), token_of(KEY, EXAMPLE), "council.example.org")
    assert named_in(KEY, a_mail(MailKind.OURS, message_id=own), MAILBOX).by_token == (EXAMPLE,)
    assert named_in(KEY, a_mail(message_id=own), MAILBOX).by_token == ()
