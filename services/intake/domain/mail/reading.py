"""A mail's raw bytes read: who wrote it, what they wrote, what came with it, and what kind of mail it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from services.intake.domain.mail.addresses import address_in, addresses_in, senders_in
from services.intake.domain.mail.bodies import Bodies, bodies_of
from services.intake.domain.mail.bounces import failures_in
from services.intake.domain.mail.charsets import decoded_words
from services.intake.domain.mail.clues import TEXT_BEGINS, Clues
from services.intake.domain.mail.groups import WRITERS, is_own, through_own_group
from services.intake.domain.mail.headers import Head, language_of, message_id_of, message_ids_in
from services.intake.domain.mail.kinds import CLUES, kind_of
from services.intake.domain.mail.model import Mail, MailKind, Sender
from services.intake.domain.mail.parts import Part, Tree
from services.intake.domain.mail.quoting import told_apart
from shared.errors import AppError

FIRST_YEAR, LAST_YEAR = 1990, 2089
"""Clocks that were never set say 1970, and 2099 is what those say who want to stand on top."""
LONGEST_DATE = 200
MOST_MENTIONS = 200
MOST_ANSWERED = 20
MOST_VALUES = 200
"""Of one header, as clues to the kind of mail."""
LONGEST_CLUE = 5000
SENT_TO = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
"""The later ones are a server's: they tell the address when the header does not, as with a blind copy."""
MANY_ODD_BYTES = 0.03
NO_TEXT = bytes(n for n in range(32) if n not in b"\t\n\f\r\x1b")
REWRITTEN = ("srs0", "srs1", "prvs=", "btv1==", "bounce", "msprvs1=")
"""How the local parts of senders begin that servers have made for the way back."""


class Unreadable(AppError):
    """Nothing can be made of a mail. Whoever opens its raw bytes may see more."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known of a mail beside its bytes, as `read` takes it."""

    sent_from: str | None
    ours: Callable[[str], bool]
    own: Collection[str]


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who a mail is from, and when, as its header says; and what is odd about that. `written` is what From says."""

    written: Sender
    sender: Sender
    also_named: Sequence[str]
    sent_at: datetime | None
    notes: Sequence[str]


def read(raw: bytes, *, sent_from: str | None, ours: Callable[[str], bool], own: Collection[str] = frozenset()) -> Mail:
    """
    `sent_from` is the envelope's sender; `ours` tells whether a Message-ID is one that we have given; `own` are the
    addresses of the council's mailboxes, in small letters.

    Raises `Unreadable`, and nothing else. What could be read only in part is told in the mail's notes.
    """
    tree = Tree(raw)
    try:
        root = tree.part(0, len(raw))
        if not root.head.values and is_no_text(raw):
            raise Unreadable("It has no header, and is not text either.")
        return mail_of(tree, root, Beside(sent_from, ours, own))
    except RecursionError as error:
        raise Unreadable("Its parts are nested too deep.") from error


def mail_of(tree: Tree, root: Part, beside: Beside) -> Mail:
    head, bodies = root.head, bodies_of(tree, root)
    letterhead = letterhead_of(head, beside)
    clues = clues_of(root, bodies, letterhead.written, beside)
    kind, because = kind_of(clues)
    bounced, bounced_ids = failures_in(clues) if kind is MailKind.BOUNCE else ((), ())
    told = told_apart(bodies.text)
    return Mail(
        kind=kind,
        because=because,
        sender=letterhead.sender,
        subject=clues.subject,
        text=told.text,
        quoted=told.quoted,
        signature=told.signature,
        html=bodies.html,
        message_id=clues.message_id,
        mentions=mentions_in(head),
        recipients=tuple(addresses_in([line for name in SENT_TO for line in head.lines(name)])),
        answers_to=answers_to(head, letterhead.sender),
        also_named=letterhead.also_named,
        by_own_group=letterhead.written != letterhead.sender or through_own_group(clues.headers, beside.own),
        sent_at=letterhead.sent_at,
        language=language_of(head),
        parts=tuple(bodies.files),
        bounced=bounced,
        bounced_ids=bounced_ids,
        notes=(*letterhead.notes, *tree.notes, *empty(bodies)),
    )


def clues_of(root: Part, bodies: Bodies, sender: Sender, beside: Beside) -> Clues:
    head = root.head
    message_id = message_id_of(head.raw("message-id"))
    return Clues(
        headers={name: clues_in(head, name) for name in CLUES if name in head.values},
        subject=head.text("subject"),
        sender=sender,
        sent_from=beside.sent_from,
        content_type=root.media_type,
        report_type=root.parameters.get("report-type", "").lower(),
        text=bodies.text[:TEXT_BEGINS],
        delivery_status=bodies.delivery_status,
        returned_headers=bodies.returned_headers,
        message_id=message_id,
        is_ours=message_id is not None and beside.ours(message_id),
        own=beside.own,
    )


def is_no_text(raw: bytes) -> bool:
    """Bytes that no charset makes text of; nothing at all is an empty mail."""
    begun = raw[:TEXT_BEGINS]
    odd = len(begun) - len(begun.translate(None, NO_TEXT))
    return odd > len(begun) * MANY_ODD_BYTES


def clues_in(head: Head, name: str) -> Sequence[str]:
    return [" ".join(decoded_words(value[:LONGEST_CLUE]).split()) for value in head.lines(name)[:MOST_VALUES]]


def letterhead_of(head: Head, beside: Beside) -> Letterhead:
    notes: list[str] = []
    written = sender_of(head, beside.sent_from, notes)
    sender, also_named = writer_behind(head, written, beside.own, notes)
    return Letterhead(written, sender, also_named, sent_at(head, notes), notes)


def sender_of(head: Head, sent_from: str | None, notes: list[str]) -> Sender:
    """The first in From that has an address; else in Sender; else the envelope's, where no server has made it up."""
    senders = [each for line in head.lines("from") for each in senders_in(line)]
    with_address = [each for each in senders if each.address]
    if len({each.address for each in with_address}) > 1:
        notes.append("It is from several senders: the first was taken.")
    if with_address:
        return with_address[0]
    name = next((each.name for each in senders), None)
    instead = next((each for line in head.lines("sender") for each in senders_in(line) if each.address), None)
    if instead:
        notes.append("It does not say whom it is from: who sent it for them was taken (Sender).")
        return Sender(name or instead.name, instead.address)
    address = address_in(sent_from or "")
    if address and not address.startswith(REWRITTEN):
        notes.append("It does not say whom it is from: the sender on its envelope was taken.")
        return Sender(name, address)
    notes.append("It does not say whom it is from.")
    return Sender(name, None)


def writer_behind(head: Head, written: Sender, own: Collection[str], notes: list[str]) -> tuple[Sender, Sequence[str]]:
    """
    Whoever a mailbox of ours has written for: a group hands on what citizens write, a web form what they wrote.

    Anybody who writes to a group can put somebody else into these headers, and the group adds who it really was: so all
    who are named beside the sender are given, too. Where answers go to the list, Mailman names the writer in Cc alone.
    Where nobody is named, it has no sender, for it is no citizen's address.
    """
    if not is_own(written.address or "", own):
        return written, ()
    lines = [line for name in WRITERS for line in head.lines(name)]
    named = (each for line in lines for each in senders_in(line) if each.address and not is_own(each.address, own))
    copied = [each for line in head.lines("cc") for each in senders_in(line) if each.address]
    apart = [each for each in copied if not is_own(each.address or "", own)]
    writer = next(named, apart[0] if len(apart) == 1 else None)
    if writer is None:
        notes.append("It is from an address of ours, and does not say for whom.")
        return Sender(written.name, None), ()
    notes.append("It is from an address of ours, for somebody else: they were taken for its sender.")
    others = (each for each in addresses_in([*lines, *head.lines("cc")]) if not is_own(each, own))
    return writer, tuple(each for each in others if each != writer.address)


def sent_at(head: Head, notes: list[str]) -> datetime | None:
    line = head.text("date")
    if not line:
        notes.append("It does not say when it was sent.")
        return None
    moment = moment_of(line[:LONGEST_DATE])
    if moment is None:
        notes.append("When it was sent cannot be read.")
    elif not FIRST_YEAR <= moment.year <= LAST_YEAR:
        notes.append(f"It says that it was sent in {moment.year}, which is not so.")
        return None
    return moment


def moment_of(line: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(line)
        return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        # It raises any of them; that its argument can be nonsense is the only thing it does not say.
        return None


def mentions_in(head: Head) -> Sequence[str]:
    """The mail that it answers, then those before it, the nearest first."""
    answers = [each for value in head.values.get("in-reply-to", ()) for each in message_ids_in(value)]
    before = [each for value in head.values.get("references", ()) for each in message_ids_in(value)]
    bracketed = [each for each in (*answers, *reversed(before)) if "@" in each] or [*answers, *reversed(before)]
    return tuple(dict.fromkeys(bracketed))[:MOST_MENTIONS]


def answers_to(head: Head, sender: Sender) -> Sequence[str]:
    found = [address for address in addresses_in(head.lines("reply-to")) if address != sender.address]
    return tuple(found[:MOST_ANSWERED])


def empty(bodies: Bodies) -> Sequence[str]:
    return () if bodies.text.strip() or bodies.files else ("There is nothing in it.",)
