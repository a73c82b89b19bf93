"""Taking in what an older system knew: batch by batch of its file, and sending nobody anything for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from secrets import randbits

from services.intake.actions.receiving import said_of
from services.intake.domain import imports as rules
from services.intake.domain.contacts import Contact, Known
from services.intake.domain.imports import Batch, Begun, Import, Rejected, Row, Rules
from services.intake.store import imports as store
from shared import references
from shared.contracts.intake import EnquiryImported, ImportReleased
from shared.council import current
from shared.db import Connection
from shared.errors import NotFound, Unavailable
from shared.vocabulary import EnquiryId, ImportId, Reference, new_id
from shared.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a batch; `rejected` are those that its sender does not know of yet."""

    read_up_to: int
    accepted: int
    known_already: int
    rejected: tuple[Rejected, ...]


async def begin(work: Work, asked: Begun) -> tuple[Import, bool]:
    """The import of this file under this map, and whether it is a new one."""
    known = await store.of_file(work.db, asked)
    if known is not None:
        rules.check_cut_over(asked.cut_over, known)
        return known, False
    return await store.begin(work.db, asked, rules.cut_over_at(asked.cut_over, work.now), work.now), True


async def known_import(db: Connection, import_id: ImportId) -> Import:
    found = await store.by_id(db, import_id)
    if found is None:
        raise NotFound("There is no such import: look at the list of imports and copy its id once more.")
    return found


async def take_in(work: Work, import_id: ImportId, batch: Batch) -> Taken:
    """All of the batch and the cursor with it, or nothing: so it arrives once, however often it is sent."""
    begun = await known_import(work.db, import_id)
    rules.check_place(begun, batch)
    council = (await current(work.db)).council
    earlier = await store.earlier(work.db, begun.system, [row.row_id for row in batch.rows])
    found = rules.sort(batch.rows, earlier, Rules(begun, council, work.now))
    numbered = {references.number_of(randbits(references.RANDOM_BITS)): each for each in found.accepted}
    given = await store.save(work.db, begun, numbered)
    if len(given) < len(found.accepted):
        raise Unavailable("No council file has been applied yet: run `accesspoint council apply FILE`.")
    rejected = [*found.rejected, *batch.rejected]
    await store.reject(work.db, import_id, rejected)
    await store.move(work.db, import_id, batch.up_to, found, len(rejected))
    say_imported(work, begun, [row for row, _ in found.accepted], given)
    return Taken(
        read_up_to=batch.up_to,
        accepted=len(found.accepted),
        known_already=found.known_already,
        rejected=tuple(found.rejected),
    )


def say_imported(work: Work, begun: Import, rows: list[Row], given: Mapping[EnquiryId, Reference]) -> None:
    """Each as of when it was received, and a story of its own: they have no more in common than their file."""
    for row in rows:
        cause = replace(work.cause, correlation_id=new_id(), occurred_at=row.received_at)
        contact = Contact(
            contact_id=row.contact_id,
            channel=row.channel,
            point=row.point,
            citizen=row.citizen,
            language=row.language,
        )
        work.because(cause).say(
            EnquiryImported(
                **said_of(contact, Known(row.enquiry_id, given[row.enquiry_id]), row.text),
                import_id=begun.import_id,
                system=begun.system,
                row_id=row.row_id,
                cut_over=begun.cut_over,
                service_code=row.service_code,
                queue_id=row.queue_id,
                title=row.title,
                place=row.place,
                area=row.area,
                received_at=row.received_at,
                due_at=row.due_at,
                resolved_at=row.resolved_at,
                resolution=row.resolution,
            )
        )


async def release(work: Work, import_id: ImportId) -> Import:
    """What is open of it may be worked on from now on. Said once, however often it is asked for."""
    begun = await known_import(work.db, import_id)
    if begun.released_at is not None:
        return begun
    await store.release(work.db, import_id, work.now)
    work.say(ImportReleased(import_id=import_id, released_at=work.now))
    return replace(begun, released_at=work.now)
