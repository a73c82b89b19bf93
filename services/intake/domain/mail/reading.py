"""A mail's raw bytes read: who wrote it, what they wrote, what came with it, and what kind of mail it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from services.intake.domain.mail.addresses import address_in, addresses_in, senders_in
from services.intake.domain.mail.bodies import Bodies, bodies_of
from services.intake.domain.mail.bounces import failures_in
from services.intake.domain.mail.charsets import decoded_words
from services.intake.domain.mail.clues import TEXT_BEGINS, Clues
from services.intake.domain.mail.groups import Behind, behind, is_own_list, through_own_group, written_by_own_group
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
FOR_SOMEBODY = "It is from an address of ours, for somebody else: they were taken for its sender."
FOR_NOBODY = "It is from an address of ours, and does not say for whom."


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
    """
    Who a mail is from, and when, as its header says; and what is odd about that.

    `written` is what From says; where that is an address of ours, somebody may be `behind` it.
    """

    written: Sender
    sender: Sender
    behind: Behind | None
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
    headers = {name: clues_in(head, name) for name in CLUES if name in head.values}
    letterhead = letterhead_of(head, headers, beside)
    clues = clues_of(root, bodies, headers, letterhead, beside)
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
        also_named=letterhead.behind.others if letterhead.behind else (),
        by_own_group=letterhead.written != letterhead.sender or through_own_group(headers, beside.own),
        sent_at=letterhead.sent_at,
        language=language_of(head),
        parts=tuple(bodies.files),
        bounced=bounced,
        bounced_ids=bounced_ids,
        notes=(*letterhead.notes, *tree.notes, *empty(bodies)),
    )


def clues_of(
    root: Part, bodies: Bodies, headers: Mapping[str, Sequence[str]], letterhead: Letterhead, beside: Beside
) -> Clues:
    message_id = message_id_of(root.head.raw("message-id"))
    return Clues(
        headers=headers,
        subject=root.head.text("subject"),
        sender=letterhead.written,
        written_for=letterhead.sender.address if letterhead.behind and letterhead.behind.by_group else None,
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


def letterhead_of(head: Head, headers: Mapping[str, Sequence[str]], beside: Beside) -> Letterhead:
    """Where an address of ours names nobody for whom it wrote, there is no sender: it is no citizen's address."""
    notes: list[str] = []
    sender = written = sender_of(head, beside.sent_from, notes)
    found, address = None, written.address or ""
    if is_own_list(address, beside.own):
        by_group = written_by_own_group(address, headers, beside.own)
        found = behind(head, address, beside.own, written_by_group=by_group)
        sender = found.writer or Sender(written.name, None)
        notes.append(FOR_SOMEBODY if found.writer else FOR_NOBODY)
    return Letterhead(written, sender, found, sent_at(head, notes), notes)


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
