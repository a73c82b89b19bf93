"""What those may do who bring in an older system's enquiries: a file, row by row, released at the end."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from services.intake.actions import imports
from services.intake.api.contacts import ChannelSaid
from services.intake.api.shapes import Email, Language, ServiceCode, Short, Telephone, Title, Uprn
from services.intake.domain.contacts import Citizen
from services.intake.domain.imports import Batch, Begun, Import, Rejected, Row, point_on, system_subject
from services.intake.store import imports as store
from shared.vocabulary import (
    ContactId,
    EnquiryId,
    ImportId,
    Point,
    QueueId,
    Resolution,
    Role,
    enquiry_subject,
    import_subject,
    new_id,
)
from shared.web import Answer, Body, Call, Query, Shown, route
from shared.work import Work

WHO_IMPORTS = (Role.ADMINISTRATOR, Role.ICT)
ADDRESS = "/intake/v1/imports/"
MOST_ROWS = 200
MOST_REJECTED = 1_000
MOST_SHOWN = 1_000
MOST_IMPORTS = 1_000
LAST_LINE = 2**53

Line = Annotated[int, Field(ge=1, le=LAST_LINE)]
UpTo = Annotated[int, Field(ge=0, le=LAST_LINE)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
System = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
RowId = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
WholeText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000_000)]
"""Longer than what can be kept: such a row is rejected by itself, and not the batch with it."""


class NewImport(Body):
    """A file of an older system, and the map by which its columns are read."""

    system: System = Field(description="What the older system is called.")
    file_name: Short
    file_digest: Digest = Field(description="The SHA-256 of the file, in hexadecimal digits.")
    map_digest: Digest = Field(description="The SHA-256 of the map, in hexadecimal digits.")
    cut_over: AwareDatetime | None = Field(
        None, description="When the older system was given up; just now when left out. What was due before is history."
    )

    def as_begun(self) -> Begun:
        return Begun(
            import_id=ImportId(new_id()),
            system=self.system,
            file_name=self.file_name,
            file_digest=bytes.fromhex(self.file_digest),
            map_digest=bytes.fromhex(self.map_digest),
            cut_over=self.cut_over,
        )


class ImportedRow(Body):
    """An enquiry of the older system. Whoever reads a file checks each row by this, so that no row fails a batch."""

    line: Line = Field(description="Where in the file it begins.")
    row_id: RowId = Field(description="What the older system called it.")
    channel: ChannelSaid
    point: Point | None = Field(None, description="A form on the web and unknown elsewhere, when left out.")
    title: Title
    text: WholeText
    place: Short | None = None
    area: Short | None = Field(None, description="The part of the district it is in.")
    service_code: ServiceCode | None = None
    queue_id: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    received_at: AwareDatetime
    due_at: AwareDatetime | None = None
    resolved_at: AwareDatetime | None = None
    resolution: Resolution | None = None
    citizen_name: Short | None = None
    citizen_surname: Short | None = None
    citizen_email: Email | None = None
    citizen_telephone: Telephone | None = None
    citizen_uprn: Uprn | None = None
    language: Language | None = None

    @model_validator(mode="after")
    def can_be_stored(self) -> ImportedRow:
        with_nul = [name for name, value in self if isinstance(value, str) and "\0" in value]
        if with_nul:
            raise ValueError(f"leave out the NUL characters in {', '.join(with_nul)}")
        return self

    def as_row(self) -> Row:
        return Row(
            line=self.line,
            row_id=self.row_id,
            enquiry_id=EnquiryId(new_id()),
            contact_id=ContactId(new_id()),
            channel=self.channel,
            point=self.point or point_on(self.channel),
            title=self.title,
            text=self.text,
            received_at=self.received_at,
            place=self.place,
            area=self.area,
            service_code=self.service_code,
            queue_id=QueueId(self.queue_id) if self.queue_id is not None else None,
            due_at=self.due_at,
            resolved_at=self.resolved_at,
            resolution=self.resolution,
            citizen=Citizen(
                name=self.citizen_name,
                surname=self.citizen_surname,
                email=self.citizen_email,
                telephone=self.citizen_telephone,
                uprn=self.citizen_uprn,
            ),
            language=self.language,
        )


class RejectedRow(Body):
    """What the reader of the file could make nothing of, and why."""

    line: Line
    row_id: Annotated[str, Field(max_length=1_000)] | None
    because: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5_000)]


class NewRows(Body):
    """All that stands between two lines of the file."""

    after: UpTo = Field(description="What the import has been read up to.")
    up_to: UpTo = Field(description="What it will have been read up to.")
    rows: Annotated[tuple[ImportedRow, ...], Field(max_length=MOST_ROWS)]
    rejected: Annotated[tuple[RejectedRow, ...], Field(max_length=MOST_REJECTED)] = ()

    def as_batch(self) -> Batch:
        return Batch(
            after=self.after,
            up_to=self.up_to,
            rows=[row.as_row() for row in self.rows],
            rejected=[Rejected(each.line, each.row_id, each.because) for each in self.rejected],
        )


class After(Query):
    """Where in the file to go on."""

    after: UpTo = Field(0, description="As `next` of the page before this one gave it.")


class ImportShown(Shown):
    """One file, and how far it has been taken in."""

    import_id: UUID
    system: str
    file_name: str
    cut_over: datetime
    begun_at: datetime
    read_up_to: int = Field(description="The line after which to go on.")
    rows_in: int
    known_already: int = Field(description="Rows that an earlier import had taken in as they are.")
    rejected: int
    released_at: datetime | None


class ImportList(Shown):
    """The newest first."""

    imports: list[ImportShown]


class RejectedShown(Shown):
    """A row that was not taken in, and why."""

    line: int
    row_id: str | None
    because: str


class RowsTaken(Shown):
    """What became of a batch."""

    read_up_to: int
    accepted: int
    known_already: int
    rejected: list[RejectedShown] = Field(description="Those of `rows` that were not taken in.")


class RejectedList(Shown):
    """In the order of the file."""

    rejected: list[RejectedShown]
    next: int | None = Field(description="Send this as `after` for the next ones; null when there are none.")


class RowShown(Shown):
    """A row that was taken in, and the enquiry it has become."""

    line: int
    row_id: str
    enquiry_id: UUID
    reference: str


class RowList(Shown):
    """In the order of the file."""

    rows: list[RowShown]
    next: int | None = Field(description="Send this as `after` for the next ones; null when there are none.")


async def post_import(call: Call[NewImport]) -> Answer:
    asked = call.body.as_begun()

    async def begin(work: Work) -> Answer:
        begun, is_new = await imports.begin(work, asked)
        return Answer(201 if is_new else 200, shown(begun), {"Location": f"{ADDRESS}{begun.import_id}"})

    return await call.workshop.run([system_subject(asked.system)], begin, call.cause)


def shown(begun: Import) -> ImportShown:
    return ImportShown.model_validate(begun, from_attributes=True)


async def get_imports(call: Call[None]) -> Answer:
    async with call.workshop.reading() as db:
        found = await store.newest(db, MOST_IMPORTS)
    return Answer(200, ImportList(imports=[*map(shown, found)]))


async def get_import(call: Call[None]) -> Answer:
    return Answer(200, shown(await asked_for(call)))


async def asked_for(call: Call[None] | Call[NewRows]) -> Import:
    async with call.workshop.reading() as db:
        return await imports.known_import(db, ImportId(call.id("import_id")))


async def post_rows(call: Call[NewRows]) -> Answer:
    begun, batch = await asked_for(call), call.body.as_batch()

    async def take_in(work: Work) -> Answer:
        taken = await imports.take_in(work, begun.import_id, batch)
        return Answer(200, RowsTaken.model_validate(taken, from_attributes=True))

    locked = [import_subject(begun.import_id), system_subject(begun.system)]
    fresh = [enquiry_subject(row.enquiry_id) for row in batch.rows]
    return await call.workshop.run(locked, take_in, call.cause, fresh=fresh)


async def get_rows(call: Call[None]) -> Answer:
    begun, after = await asked_for(call), call.query_as(After).after
    async with call.workshop.reading() as db:
        found = await store.taken(db, begun.import_id, after, MOST_SHOWN)
    rows = [RowShown.model_validate(each, from_attributes=True) for each in found]
    return Answer(200, RowList(rows=rows, next=goes_on_after(rows)))


async def get_rejected(call: Call[None]) -> Answer:
    begun, after = await asked_for(call), call.query_as(After).after
    async with call.workshop.reading() as db:
        found = await store.rejected(db, begun.import_id, after, MOST_SHOWN)
    rejected = [RejectedShown.model_validate(each, from_attributes=True) for each in found]
    return Answer(200, RejectedList(rejected=rejected, next=goes_on_after(rejected)))


def goes_on_after(page: list[RowShown] | list[RejectedShown]) -> int | None:
    return page[-1].line if len(page) == MOST_SHOWN else None


async def post_release(call: Call[None]) -> Answer:
    import_id = ImportId(call.id("import_id"))

    async def release(work: Work) -> Answer:
        return Answer(200, shown(await imports.release(work, import_id)))

    return await call.workshop.run([import_subject(import_id)], release, call.cause)


SERVES = (
    route(
        "POST",
        "/v1/imports",
        post_import,
        who=WHO_IMPORTS,
        takes=NewImport,
        gives={200: ImportShown, 201: ImportShown},
        refuses=(409, 422),
        summary="Begin to take in a file of an older system, or find where taking it in has got to.",
    ),
    route(
        "GET",
        "/v1/imports",
        get_imports,
        who=WHO_IMPORTS,
        gives={200: ImportList},
        summary="List the files of older systems that have been taken in; the newest thousand.",
    ),
    route(
        "GET",
        "/v1/imports/{import_id}",
        get_import,
        who=WHO_IMPORTS,
        gives={200: ImportShown},
        refuses=(404,),
        summary="Show how far a file has been taken in.",
    ),
    route(
        "POST",
        "/v1/imports/{import_id}/rows",
        post_rows,
        who=WHO_IMPORTS,
        takes=NewRows,
        gives={200: RowsTaken},
        refuses=(404, 409, 422),
        summary="Take in the next rows of a file, all of them or none.",
    ),
    route(
        "GET",
        "/v1/imports/{import_id}/rows",
        get_rows,
        who=WHO_IMPORTS,
        query=After,
        gives={200: RowList},
        refuses=(404, 422),
        summary="List the rows that were taken in, with the enquiries they have become.",
    ),
    route(
        "GET",
        "/v1/imports/{import_id}/rejected",
        get_rejected,
        who=WHO_IMPORTS,
        query=After,
        gives={200: RejectedList},
        refuses=(404, 422),
        summary="List the rows that were not taken in, with the reasons.",
    ),
    route(
        "POST",
        "/v1/imports/{import_id}/release",
        post_release,
        who=WHO_IMPORTS,
        gives={200: ImportShown},
        refuses=(404,),
        summary="Let advisers work on what is still open of an import.",
    ),
)
