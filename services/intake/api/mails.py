"""Mails as they came in: listed, shown as they were read, given as they arrived, deleted; and the stop switch."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from services.intake.actions.mail import looking, stopping
from services.intake.api.files import WHO_READS
from services.intake.domain.mail.model import ArrivedBy, MailKind, PlacedAs
from services.intake.store.mail import looking as store
from services.intake.store.mail.looking import Asked
from services.intake.store.stopped import Stopped
from shared.vocabulary import MailId, Role
from shared.web import Answer, Body, Call, Download, Query, Shown, route
from shared.work import Work

WHO_LISTS = (*WHO_READS, Role.ICT, Role.ADMINISTRATOR)
WHO_STOPS = (Role.ICT, Role.ADMINISTRATOR)
MOST_SHOWN = 100

MailState = Literal["kept", "reading", "placed", "deleted"]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000)]


class WhichMails(Query):
    """All of them, or some."""

    before: UUID | None = Field(None, description="As `next` of the page before this one gave it.")
    state: MailState | None = None
    kind: MailKind | None = None
    mailbox: str | None = Field(
        None, pattern=r"^[a-z0-9_-]{1,50}$", description="The code of a mailbox of the council file."
    )


class MailListed(Shown):
    """A mail, without anything that somebody wrote."""

    mail_id: UUID
    mailbox: str
    arrived_by: ArrivedBy
    received_at: datetime
    kept_at: datetime
    size: int
    state: MailState
    kind: MailKind | None = Field(description="What it is, once it has been read.")
    placed_as: PlacedAs | None = Field(description="What became of it: `held` waits for a person to decide.")
    enquiry_id: UUID | None
    reference: str | None
    repeats_id: bool = Field(description="Its Message-ID was used before, for something else.")


class MailList(Shown):
    """The last to arrive first."""

    mails: list[MailListed]
    next: UUID | None = Field(description="Send this as `before` for the next ones; null when there are none.")


class FileListed(Shown):
    file_id: UUID
    name: str
    media_type: str
    size: int


class MailShown(MailListed):
    """As it was read. `text` is what its sender wrote now; `html` is safe to show, and loads nothing."""

    contact_id: UUID
    message_id: str | None
    sent_from: str | None
    sent_to: str
    why: str | None = Field(description="Why it was placed where it is.")
    sender_name: str | None
    sender_address: str | None
    subject: str | None
    text: str | None
    quoted: str | None
    signature: str | None
    html: str | None
    sent_at: datetime | None
    notes: list[str] | None = Field(description="What could not be read, a sentence each.")
    files: list[FileListed]
    deleted_at: datetime | None
    deleted_by: str | None
    deleted_because: str | None


class Deletion(Body):
    """Why: it is kept."""

    because: Reason


class Deleted(Shown):
    """What is left of it."""

    mail_id: UUID
    deleted_at: datetime | None
    deleted_by: str | None
    deleted_because: str | None


class StopSwitch(Body):
    """Whether all that goes out by email is to wait, and why."""

    stopped: bool
    because: Reason | None = Field(None, description="Needed to stop it.")

    @model_validator(mode="after")
    def has_a_reason(self) -> StopSwitch:
        if self.stopped and self.because is None:
            raise ValueError("write in `because` why it is stopped")
        return self


class StopShown(Shown):
    """Whether mail goes out; since when, by whom and why it does not."""

    stopped: bool
    stopped_at: datetime | None = None
    stopped_by: str | None = None
    because: str | None = None


async def get_mails(call: Call[None]) -> Answer:
    asked = call.query_as(WhichMails)
    wanted = Asked(before=asked.before, state=asked.state, kind=asked.kind, mailbox=asked.mailbox)
    async with call.workshop.reading() as db:
        found = await store.listed(db, wanted, MOST_SHOWN)
    mails = [MailListed.model_validate(each, from_attributes=True) for each in found]
    return Answer(200, MailList(mails=mails, next=mails[-1].mail_id if len(mails) == MOST_SHOWN else None))


async def get_mail(call: Call[None]) -> Answer:
    """That you saw it is kept."""
    mail_id = MailId(call.id("mail_id"))

    async def show(work: Work) -> Answer:
        found = await looking.show(work, mail_id, call.caller.actor)
        files = [FileListed.model_validate(each, from_attributes=True) for each in found.files]
        read = {name: getattr(found.mail, name) for name in MailShown.model_fields if name != "files"}
        return Answer(200, MailShown(**read, files=files))

    return await call.workshop.run([], show, call.cause)


async def get_mail_raw(call: Call[None]) -> Answer:
    """That you had it is kept."""
    mail_id = MailId(call.id("mail_id"))

    async def give(work: Work) -> Answer:
        return Answer(200, await looking.give(work, mail_id, call.caller.actor, call.workshop))

    return await call.workshop.run([], give, call.cause)


async def post_deletion(call: Call[Deletion]) -> Answer:
    """Delivered again, it is known and becomes nothing. Its contact stays in the record, with the text it has there."""
    mail_id = MailId(call.id("mail_id"))

    async def delete(work: Work) -> Answer:
        left = await looking.delete(work, mail_id, call.caller.actor, call.body.because)
        return Answer(200, Deleted.model_validate(left, from_attributes=True))

    return await call.workshop.run([], delete, call.cause)


async def get_mail_stop(call: Call[None]) -> Answer:
    async with call.workshop.reading() as db:
        return Answer(200, as_shown(await stopping.standing(db)))


async def put_mail_stop(call: Call[StopSwitch]) -> Answer:
    """What is to be sent waits until it is started again; nothing is lost."""
    body = call.body

    async def switch(work: Work) -> Answer:
        if body.stopped:
            return Answer(200, as_shown(await stopping.stop(work, call.caller.actor, body.because or "")))
        await stopping.start(work)
        return Answer(200, as_shown(None))

    return await call.workshop.run([], switch, call.cause)


def as_shown(standing: Stopped | None) -> StopShown:
    if standing is None:
        return StopShown(stopped=False)
    return StopShown(
        stopped=True, stopped_at=standing.stopped_at, stopped_by=standing.stopped_by, because=standing.because
    )


SERVES = (
    route(
        "GET",
        "/v1/mails",
        get_mails,
        who=WHO_LISTS,
        query=WhichMails,
        gives={200: MailList},
        summary="List the mails that came in, the last first, without what they say.",
    ),
    route(
        "GET",
        "/v1/mails/{mail_id}",
        get_mail,
        who=WHO_READS,
        gives={200: MailShown},
        refuses=(404,),
        summary="Show a mail as it was read.",
    ),
    route(
        "GET",
        "/v1/mails/{mail_id}/raw",
        get_mail_raw,
        who=WHO_READS,
        gives={200: Download},
        refuses=(404,),
        summary="Give a mail byte for byte as it arrived.",
    ),
    route(
        "POST",
        "/v1/mails/{mail_id}/deletion",
        post_deletion,
        who=(Role.ADMINISTRATOR,),
        takes=Deletion,
        gives={200: Deleted},
        refuses=(404, 409, 422),
        summary="Delete a mail and the files that came with it; a row stays by which it is known.",
    ),
    route(
        "GET",
        "/v1/stops/mail",
        get_mail_stop,
        who=WHO_STOPS,
        gives={200: StopShown},
        summary="Show whether mail goes out.",
    ),
    route(
        "PUT",
        "/v1/stops/mail",
        put_mail_stop,
        who=WHO_STOPS,
        takes=StopSwitch,
        gives={200: StopShown},
        refuses=(422,),
        summary="Stop all that goes out by email, or start it again.",
    ),
)
