"""Placing a mail: read outside any transaction, then put where it belongs in one, with all that follows from it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from itertools import chain

import structlog

from services.intake.actions.mail.mailboxes import mailbox_named
from services.intake.actions.mail.receipts import Arrival, owe_receipt
from services.intake.actions.receiving import receive, receive_further
from services.intake.domain.attachments import Attachment
from services.intake.domain.contacts import Citizen, Contact, Enquiry, Known
from services.intake.domain.mail import placing as rules
from services.intake.domain.mail.bounces import failure_of
from services.intake.domain.mail.fitting import FileOfMail, Fitted, fitted
from services.intake.domain.mail.model import KeptMail, Mail, MailKind, MailPart, Place, PlacedAs, Sender
from services.intake.domain.mail.reading import Unreadable, read
from services.intake.gateways.files import files
from services.intake.gateways.link_key import link_key
from services.intake.store import contacts
from services.intake.store.mail import keeping as store
from services.intake.store.mail import participants, threads
from services.intake.store.mail.keeping import Begun, Placed
from services.intake.store.mail.threads import Candidate
from shared.contracts.intake import ContactNoted, MessageFailed, NotedAs
from shared.council import Council, current
from shared.db import Connection
from shared.vocabulary import Channel, EnquiryId, FileId, Point, QueueId, contact_subject, enquiry_subject, new_id
from shared.work import Cause, Work, Workshop

LOST_AFTER = timedelta(minutes=2)
"""A mail that was begun and has not ended by then is taken for cut off, and begun again alone."""
STARTS = 3
AT_ONCE = 16
"""Mails that are begun together, all new and small. Where one ends the process, each is begun again alone."""
SMALL = 16 * 1024
"""Bytes that are read at once; whatever is larger keeps nobody waiting, and is read on another thread."""
LARGE = 1_000_000
"""Bytes. Two of these at once would need twice the memory: each is begun alone."""
WAITS_AT_MOST = timedelta(minutes=10)
"""From when it was kept: after that, an answer is placed without the mail it answers."""
LOOK_AGAIN = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(seconds=30)
ACTOR = "citizen"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A mail that is to be placed now, and the council as it holds now."""

    begun: Begun
    council: Council

    @property
    def kept(self) -> KeptMail:
        return self.begun.kept


@dataclass(frozen=True, slots=True)
class ReadMail:
    """A mail that has been read, as it goes into the record. `attachments` is None until its files are kept."""

    kept: KeptMail
    council: Council
    mail: Mail
    named: rules.Named
    fitted: Fitted
    attachments: tuple[Attachment, ...] | None = None

    @property
    def cause(self) -> Cause:
        """It happened when the council got it."""
        actor = "machine/mail" if self.mail.kind.is_a_machines else ACTOR
        return Cause(actor, self.kept.correlation_id, occurred_at=self.kept.received_at)

    @property
    def address(self) -> str | None:
        return self.mail.sender.address

    @property
    def sent_from(self) -> str | None:
        """The envelope's sender: a group's own tells nothing of whoever wrote to it."""
        return None if self.mail.by_own_group and self.kept.sent_from else self.kept.sent_from

    @property
    def contact(self) -> Contact:
        return Contact(
            contact_id=self.kept.contact_id,
            channel=Channel.EMAIL,
            point=Point.MAILBOX,
            citizen=Citizen(name=self.mail.sender.name, email=self.address),
            language=self.mail.language,
            attachments=self.attachments or (),
            quoted=self.fitted.quoted,
        )


async def begin(work: Work) -> list[Waiting]:
    """The mails that have waited longest, each start counted before anything is done."""
    begun = await store.begin(work.db, work.now, LOST_AFTER, AT_ONCE, LARGE)
    if not begun:
        return []
    council = (await current(work.db)).council
    return [Waiting(each, council) for each in begun]


async def opened(workshop: Workshop, waiting: Waiting) -> ReadMail:
    """What cannot be read goes on as it came. Where this fails, it is begun again, and goes on so in the end."""
    kept, raw = waiting.kept, waiting.begun.raw
    if raw is None:
        async with workshop.reading() as db:
            raw = await store.raw(db, kept.mail_id)
    if kept.starts > STARTS:
        mail = unreadable(kept, raw, f"It was begun {STARTS} times and never ended.")
    else:
        try:
            mail = await read_of(waiting, raw)
        except Unreadable as error:
            log.warning("a mail cannot be read", mail_id=str(kept.mail_id))
            mail = unreadable(kept, raw, str(error))
    what = fitted(mail, raw)
    named = rules.named_in(link_key(), mail, kept.sent_to)
    return ReadMail(kept, waiting.council, mail, named, what)


async def read_of(waiting: Waiting, raw: bytes) -> Mail:
    is_ours, own = waiting.begun.is_ours, waiting.council.addresses.keys()
    reading = partial(read, raw, sent_from=waiting.kept.sent_from, ours=lambda _: is_ours, own=own)
    if len(raw) > SMALL:
        return await asyncio.to_thread(reading)
    await asyncio.sleep(0)  # whoever waits at the door comes first
    return reading()


def unreadable(kept: KeptMail, raw: bytes, why: str) -> Mail:
    return Mail(
        kind=MailKind.UNREADABLE,
        because=why,
        sender=Sender(None, kept.sent_from or None),
        subject="Unreadable message",
        text=f"This mail could not be read ({why}) It is attached as it came.",
        message_id=kept.message_id,
        parts=[MailPart(name="message.eml", media_type="message/rfc822", content=raw)],
        notes=[why],
    )


async def with_files(read_mail: ReadMail) -> ReadMail:
    """Its files are kept once it is certain that it is placed now, and only once."""
    if read_mail.attachments is not None:
        return read_mail
    return replace(read_mail, attachments=await kept_files(read_mail.fitted.files))


async def kept_files(found: Sequence[FileOfMail]) -> tuple[Attachment, ...]:
    kept = []
    for file in found:
        file_id = FileId(new_id())
        await files().put(file_id, file.content)
        kept.append(
            Attachment(
                file_id=file_id,
                name=file.name,
                media_type=file.media_type,
                size=len(file.content),
                sha256=sha256(file.content).digest(),
            )
        )
    return tuple(kept)


async def look_for_place(workshop: Workshop, read_mail: ReadMail) -> Place:
    """As things stand. Most mails name nothing, so that there is nothing to ask the database for."""
    if not read_mail.named.anything:
        return rules.placed(read_mail.mail, ())
    async with workshop.reading() as db:
        return await place_of(db, read_mail)


async def place_of(db: Connection, read_mail: ReadMail) -> Place:
    """Where it goes: looked at again in the transaction that puts it there."""
    named = read_mail.named
    candidates = await threads.named(db, [*named.by_token, *named.by_subject], named.by_mention, read_mail.kept.mailbox)
    found = {each.known.enquiry_id for several in candidates.values() for each in several}
    known_on = await where_known(db, found, read_mail)
    there = {name: known for name, several in candidates.items() if (known := likeliest(several, known_on))}
    return rules.placed(read_mail.mail, rules.threads_of(named, there, there, known_on))


async def where_known(db: Connection, enquiry_ids: Collection[EnquiryId], read_mail: ReadMail) -> set[EnquiryId]:
    """Where it is not certain which of several has written, all of them have to be known."""
    also_named = read_mail.mail.also_named
    if read_mail.address is None or also_named is None:
        return set()
    known_on = set(enquiry_ids)
    for address in (read_mail.address, *also_named):
        known_on &= await participants.known_on(db, known_on, address)
    return known_on


def likeliest(candidates: Sequence[Candidate], known_on: Collection[EnquiryId]) -> Known | None:
    """One on which the sender is known before any other. Who uses a Message-ID again draws nobody else along."""
    knows = (each.known for each in candidates if each.known.enquiry_id in known_on)
    others = (each.known for each in candidates if not each.repeats)
    return next(chain(knows, others), None)


async def must_wait(workshop: Workshop, read_mail: ReadMail) -> bool:
    """Whether it answers a mail that is not placed yet, and has not waited for it long enough."""
    if not read_mail.mail.mentions:
        return False
    async with workshop.reading() as db:
        if await workshop.timesource.now(db) >= read_mail.kept.kept_at + WAITS_AT_MOST:
            return False
        return await threads.answers_one_not_placed_yet(db, read_mail.kept, read_mail.mail.mentions)


async def wait(work: Work, kept: KeptMail) -> None:
    """The one it answers goes first; this start does not count. The longer it has waited, the longer the pause."""
    pause = min(max(work.now - kept.kept_at, LOOK_AGAIN), LONGEST_PAUSE)
    await store.wait(work.db, kept, work.now + pause)


async def give_back(work: Work, begun: Sequence[Waiting]) -> None:
    """As if they had not been begun. One that was placed meanwhile, or begun by somebody else, stays so."""
    for each in begun:
        await store.wait(work.db, each.kept, work.now)


@dataclass(frozen=True, slots=True)
class Placing:
    """A mail at the place that was found for it: the subjects to lock, and what happens in the work."""

    read_mail: ReadMail
    place: Place

    @property
    def subjects(self) -> list[str]:
        thread = self.place.thread
        if thread is None or self.place.placed_as not in (PlacedAs.FURTHER, PlacedAs.NOTED):
            return []
        return [enquiry_subject(thread.enquiry_id)]

    @property
    def fresh(self) -> list[str]:
        """Subjects that nobody else can know yet."""
        kept = self.read_mail.kept
        return [enquiry_subject(kept.enquiry_id), contact_subject(kept.contact_id)]

    async def put(self, work: Work) -> bool:
        """False when it belongs elsewhere by now, and has to be looked at again. A mail is placed once."""
        if await place_of(work.db, self.read_mail) != self.place:
            return False
        kept = self.read_mail.kept
        about = self.place.thread.enquiry_id if self.place.thread is not None else None
        if self.place.placed_as in (PlacedAs.ENQUIRY, PlacedAs.HELD):
            about = kept.enquiry_id
        if not await store.claim(work.db, kept.mail_id):
            return True
        await self.record(work)
        done = Placed(self.place.placed_as, about, self.why)
        await store.place(work.db, kept.mail_id, self.read_mail.mail, done, work.now)
        return True

    @property
    def why(self) -> str:
        mailbox = self.read_mail.kept.mailbox
        if mailbox_named(self.read_mail.council, mailbox) is not None:
            return self.place.why
        return f'{self.place.why} Its mailbox "{mailbox}" is not in the council file: no queue is named.'

    async def record(self, work: Work) -> None:
        if self.place.placed_as is PlacedAs.NOTED:
            await self.note(work)
        elif self.place.placed_as is PlacedAs.FURTHER and self.place.thread is not None:
            about = Known(self.place.thread.enquiry_id, self.place.thread.reference)
            await receive_further(work, self.read_mail.contact, about, self.read_mail.fitted.text)
        else:
            await self.open(work)

    async def open(self, work: Work) -> None:
        """A new enquiry, and word to whoever wrote it. One that is held says which enquiry it may belong to."""
        read_mail = self.read_mail
        [known] = await receive(work, read_mail.contact, [self.enquiry])
        if read_mail.mail.kind is MailKind.ORDINARY:
            await owe_receipt(
                work,
                read_mail.council,
                Arrival(
                    enquiry_id=known.enquiry_id,
                    reference=known.reference,
                    address=read_mail.address,
                    name=read_mail.mail.sender.name,
                    mailbox=read_mail.kept.mailbox,
                    language=read_mail.mail.language,
                    answers_to=read_mail.kept.message_id,
                    sent_from=read_mail.sent_from,
                ),
            )

    @property
    def enquiry(self) -> Enquiry:
        thread, mailbox = self.place.thread, mailbox_named(self.read_mail.council, self.read_mail.kept.mailbox)
        return Enquiry(
            enquiry_id=self.read_mail.kept.enquiry_id,
            title=self.read_mail.fitted.title,
            text=self.read_mail.fitted.text,
            service_code=mailbox.service if mailbox else None,
            queue_id=QueueId(mailbox.queue) if mailbox and mailbox.queue else None,
            perhaps_about=thread.enquiry_id if thread is not None else None,
        )

    async def note(self, work: Work) -> None:
        """Recorded, and nothing follows; but a message that came back has not been delivered."""
        read_mail, thread = self.read_mail, self.place.thread
        contact = read_mail.contact
        if thread is None:
            await contacts.save(work.db, contact, work.occurred_at, {})
        else:
            await contacts.save_further(work.db, contact, work.occurred_at, thread.enquiry_id, read_mail.fitted.text)
        if contact.attachments:
            await contacts.save_files(work.db, contact)
        work.say(
            ContactNoted(
                contact_id=contact.contact_id,
                enquiry_id=thread.enquiry_id if thread is not None else None,
                noted_as=NotedAs(read_mail.mail.kind),
                channel=contact.channel,
                point=contact.point,
                started_at=work.occurred_at,
                sender=read_mail.address,
                title=read_mail.fitted.title,
                text=read_mail.fitted.text,
            )
        )
        await self.note_bounces(work)

    async def note_bounces(self, work: Work) -> None:
        """Anybody can write a report, but only who got a message, or carried it, can name it."""
        mail, thread = self.read_mail.mail, self.place.thread
        if not mail.bounced or thread is None:
            return
        for sent in await threads.sent(work.db, mail.bounced_ids, thread.enquiry_id):
            failure = failure_of(sent.address, mail.bounced)
            if failure is None:
                continue
            await threads.mark_bounced(work.db, sent.address, failure.why, work.occurred_at)
            if await threads.came_back(work.db, sent.message_id, work.now, failure.why):
                work.say(
                    MessageFailed(
                        message_id=sent.message_id,
                        enquiry_id=sent.enquiry_id,
                        kind=sent.kind,
                        by="bounce",
                        because=failure.why,
                    )
                )


@dataclass(frozen=True, slots=True)
class Together:
    """
    Several mails in one work, because beginning and ending one costs as much as half a mail.

    None of them names anything, so that none can belong elsewhere by now. Where one fails, none is placed.
    """

    read_mails: Sequence[ReadMail]

    @property
    def placings(self) -> list[Placing]:
        """By address, so that two works which owe receipts to the same ones wait for each other, and do not block."""
        ordered = sorted(self.read_mails, key=lambda read_mail: read_mail.address or "")
        return [Placing(read_mail, rules.placed(read_mail.mail, ())) for read_mail in ordered]

    @property
    def fresh(self) -> list[str]:
        return [subject for placing in self.placings for subject in placing.fresh]

    async def put(self, work: Work) -> None:
        for placing in self.placings:
            await placing.put(work.because(placing.read_mail.cause))
