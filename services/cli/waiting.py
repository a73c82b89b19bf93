"""What `accesspoint mail waiting` shows and `withhold` does: what is to go out by email, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from services.intake.actions.mail import stopping
from services.intake.store.mail import waiting as store
from services.intake.store.mail.waiting import WaitingMail
from services.intake.store.stopped import Stopped
from shared.vocabulary import MessageId, enquiry_subject, new_id
from shared.work import Cause, Work, Workshop


async def looked_at(workshop: Workshop, most: int) -> tuple[list[WaitingMail], Stopped | None]:
    async with workshop.reading() as db:
        return await store.waiting(db, most), await stopping.standing(db)


def table_of(found: Sequence[WaitingMail], standing: Stopped | None) -> Table:
    table = Table("id", "since (UTC)", "to", "kind", "reference", "why", box=None)
    for mail in found:
        why = mail.why or (f"mail is stopped: {standing.because}" if standing else "")
        since = f"{mail.requested_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(str(mail.message_id), since, mail.address or "", mail.kind, mail.reference, why)
    return table


async def withheld(workshop: Workshop, message_ids: Sequence[MessageId], who: str, because: str) -> None:
    async with workshop.reading() as db:
        about = await stopping.about(db, message_ids)

    async def action(work: Work) -> None:
        await stopping.withhold(work, about, because)

    subjects = sorted({enquiry_subject(enquiry_id) for enquiry_id in about.values()})
    await workshop.run(subjects, action, Cause(who, new_id()))
