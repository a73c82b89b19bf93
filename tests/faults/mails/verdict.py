"""The count: every mail that its sender's server need not answer for any more is one contact, and none is two."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.faults import records, verdict
from tests.faults.citizens import Accepted
from tests.faults.figures import lateness
from tests.faults.mails.strangers import Sent
from tests.faults.mails.town import USER, Town
from tests.faults.records import Records, Row
from tests.faults.verdict import Verdict
from tests.parts.dovecot import PrivateDovecot

MAILS = """
SELECT m.message_id, m.state, m.kind, m.placed_as, m.starts, m.arrived_by, m.contact_id, s.enquiry_id, s.reference,
       e.title,
       (SELECT count(*) FROM intake.contacts c WHERE c.contact_id = m.contact_id) AS contacts,
       (SELECT count(*) FROM crm.contacts c WHERE c.contact_id = m.contact_id) AS in_crm
  FROM intake.mails m
  LEFT JOIN intake.submissions s ON s.enquiry_id = m.about
  LEFT JOIN crm.enquiries e ON e.enquiry_id = m.about
"""
CONTACTS = {
    "intake": "SELECT contact_id::text FROM intake.contacts",
    "crm": "SELECT contact_id::text FROM crm.contacts WHERE direction = 'inbound'",
}
PLACED_AFTER = "SELECT placed_at - kept_at FROM intake.mails"
UIDS = "SELECT uid FROM intake.mail_uids WHERE mail_id IS NOT NULL"
RECEIPTS = "SELECT enquiry_id::text FROM intake.messages WHERE kind = 'receipt' AND state = 'delivered'"
MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^>]*>)", re.IGNORECASE | re.MULTILINE)
WHY = re.compile(r"said: (?P<code>\d{3})|(?P<refused>Connection refused)|(?P<lost>lost connection)|(?P<late>timed out)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was counted beside the promises. Waits are p50, p95, p99 and the worst, in seconds, outages included."""

    delivered: int
    put_off: Mapping[str, int]
    contacts: int
    arrived_by: Mapping[str, int]
    begun_again: int
    most_starts: int
    placed_after: Sequence[float]


async def after_kills(there: Town, sent: Sequence[Sent]) -> tuple[Verdict, Figures]:
    """What was handed over is counted from the log of whoever sent it; in a mailbox, it lies there."""
    found = Verdict()
    delivered = look_at_deliveries(there, found)
    if there.dovecot is not None:
        delivered = await in_mailbox(there.dovecot)
    found.look("each mail was handed over, once", unlike_once(delivered, {each.message_id: None for each in sent}))
    return found, await counted(there, sent, delivered, found)


async def after_copies(there: Town, sent: Sequence[Sent]) -> tuple[Verdict, Figures]:
    """All copies of each mail arrived, in the log and in the mailbox."""
    found = Verdict()
    delivered = look_at_deliveries(there, found)
    times = Counter(delivered)
    found.look(
        "each mail was handed over as often as it was sent",
        (each.message_id for each in sent if times[each.message_id] != len(each.copies)),
    )
    assert there.dovecot is not None
    lying = await in_mailbox(there.dovecot)
    found.look("each lies in the mailbox, once", unlike_once(lying, {each.message_id: None for each in sent}))
    return found, await counted(there, sent, delivered, found)


def look_at_deliveries(there: Town, found: Verdict) -> list[str]:
    """The Message-IDs of all that the mail server need not answer for any more."""
    attempts = there.postfix.attempts()
    found.look("the mail server gave up none", [each for each in attempts if each.status not in ("sent", "deferred")])
    found.look("the mail server has nothing left to deliver", ["its queue"] if there.postfix.queued() else [])
    return [each.message_id for each in attempts if each.status == "sent"]


async def in_mailbox(dovecot: PrivateDovecot) -> list[str]:
    mails = await asyncio.to_thread(dovecot.mails, USER)
    return [match[1].decode() if (match := MESSAGE_ID.search(raw)) else "" for raw in mails.values()]


async def counted(there: Town, sent: Sequence[Sent], delivered: Sequence[str], found: Verdict) -> Figures:
    promised = {each.message_id: each.subject for each in sent if each.message_id in {*delivered}}
    async with records.records_of(there.database) as read:
        rows = await read.rows(MAILS)
        look_at_mails(rows, promised, found)
        await look_at_contacts(read, rows, found)
        await look_at_all_services(read, rows, found)
        if there.dovecot is not None:
            lying = await asyncio.to_thread(there.dovecot.uids, USER)
            found.look("each UID of the mailbox is known as a mail's", {*lying} ^ {*await read.column(UIDS)})
        placed_after = await lateness(read, PLACED_AFTER)
    return Figures(
        delivered=len(delivered),
        put_off=Counter(why(each.answer) for each in there.postfix.attempts() if each.status == "deferred"),
        contacts=len(rows),
        arrived_by=Counter(row["arrived_by"] for row in rows),
        begun_again=sum(row["starts"] > 1 for row in rows),
        most_starts=max(row["starts"] for row in rows),
        placed_after=placed_after,
    )


def look_at_mails(rows: Sequence[Row], promised: Mapping[str, str], found: Verdict) -> None:
    kept = [row["message_id"] for row in rows]
    found.look("each mail that was handed over is kept once", unlike_once(kept, promised))
    found.look(
        "each is placed as an ordinary mail that opens an enquiry",
        (
            dict(row)
            for row in rows
            if (row["state"], row["kind"], row["placed_as"]) != ("placed", "ordinary", "enquiry")
        ),
    )
    found.look("each is one contact in intake", (dict(row) for row in rows if row["contacts"] != 1))
    found.look("each is one contact in crm", (dict(row) for row in rows if row["in_crm"] != 1))
    found.look(
        "each enquiry is about what its mail says",
        (dict(row) for row in rows if row["title"] != promised.get(row["message_id"])),
    )


async def look_at_contacts(read: Records, rows: Sequence[Row], found: Verdict) -> None:
    mine = {str(row["contact_id"]): None for row in rows}
    for service, statement in CONTACTS.items():
        found.look(
            f"{service} has one contact for each mail, and no other", unlike_once(await read.column(statement), mine)
        )


async def look_at_all_services(read: Records, rows: Sequence[Row], found: Verdict) -> None:
    accepted = [
        Accepted(nth, row["message_id"], str(row["enquiry_id"]), row["reference"]) for nth, row in enumerate(rows)
    ]
    await verdict.count_enquiries(read, accepted, found)
    mine = {each.enquiry_id: None for each in accepted}
    found.look("each enquiry has one receipt that was sent", unlike_once(await read.column(RECEIPTS), mine))
    await verdict.count_positions(read, found)


def unlike_once(seen: Iterable[str], expected: Mapping[str, object]) -> list[str]:
    counted = Counter(seen)
    wrong = [f"{each} {counted[each]} times" for each in expected if counted[each] != 1]
    return wrong + [f"{each}, which nobody sent" for each in counted if each not in expected]


def why(answer: str) -> str:
    """Why a mail was put off, in a word or two."""
    match = WHY.search(answer)
    if match is None:
        return "for another reason"
    return f"answered {match['code']}" if match["code"] else match[0].lower()
