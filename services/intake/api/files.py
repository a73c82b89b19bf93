"""Files that came with contacts: to people who sign in, and by links that are good for a few minutes."""

from datetime import datetime

from pydantic import Field

from services.intake.actions import filing
from shared.vocabulary import FileId, Role
from shared.web import Answer, Call, Download, Query, Shown, route
from shared.work import Work

WHO_PASSES_ON = (Role.ADVISER, Role.OFFICER, Role.MANAGER)
WHO_READS = (*WHO_PASSES_ON, Role.AUDITOR)
ASK_FOR_A_LINK = "Or ask the council's adviser for a link to the file: for a few minutes it needs no role."


class FileLink(Shown):
    """Give it to nobody who may not have the file: until it is over, it asks for no name."""

    url: str
    expires_at: datetime


class Signed(Query):
    expires: int = Field(ge=0, le=10**11)
    signature: str = Field(max_length=100)


async def get_file(call: Call[None]) -> Answer:
    """That you had it is kept."""
    file_id = FileId(call.id("file_id"))

    async def give(work: Work) -> Answer:
        return Answer(200, await filing.give(work, file_id, call.caller.actor))

    return await call.workshop.run([], give, call.cause)


async def post_file_link(call: Call[None]) -> Answer:
    """For a browser's picture or a new window, which cannot show your token. That you made it is kept."""
    file_id = FileId(call.id("file_id"))

    async def make(work: Work) -> Answer:
        link = await filing.make_link(work, file_id, call.caller.actor)
        url = f"/intake/v1/files/{file_id}/content?expires={link.expires}&signature={link.signature}"
        return Answer(201, FileLink(url=url, expires_at=link.expires_at))

    return await call.workshop.run([], make, call.cause)


async def get_file_content(call: Call[None]) -> Answer:
    signed, file_id = call.query_as(Signed), FileId(call.id("file_id"))
    async with call.workshop.reading() as db:
        now = await call.workshop.timesource.now(db)
        return Answer(200, await filing.follow_link(db, file_id, signed.expires, signed.signature, now))


SERVES = (
    route(
        "GET",
        "/v1/files/{file_id}",
        get_file,
        who=WHO_READS,
        instead=ASK_FOR_A_LINK,
        gives={200: Download},
        refuses=(404,),
        summary="Give a file that came with a contact.",
    ),
    route(
        "POST",
        "/v1/files/{file_id}/links",
        post_file_link,
        who=WHO_PASSES_ON,
        instead=ASK_FOR_A_LINK,
        gives={201: FileLink},
        refuses=(404,),
        summary="Make a link to a file that is good for a few minutes.",
    ),
    route(
        "GET",
        "/v1/files/{file_id}/content",
        get_file_content,
        who=(Role.PUBLIC,),
        query=Signed,
        gives={200: Download},
        refuses=(403, 404),
        summary="Give a file to whoever has a link to it.",
    ),
)
