"""What intake serves: taking in enquiries, and showing citizens how theirs fare."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from services.intake import actions, domain, store
from services.intake.settings import council_prefix
from shared.errors import NotFound
from shared.vocabulary import Channel, ContactId, EnquiryId, Point, Role, enquiry_subject, new_id
from shared.web import Answer, Body, Call, Shown, route
from shared.work import Work

ADDRESS = "/intake/v1/enquiries/"

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
ServiceCode = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


class NewEnquiry(Body):
    """What a citizen asks the council for."""

    title: Title = Field(description="What it is about, in one line.")
    text: Text = Field(description="Everything the citizen wants to say.")
    place: Short | None = Field(None, description="Where it is, in words.")
    service_code: ServiceCode | None = Field(None, description="The entry of the service catalogue.")
    name: Short | None = Field(None, description="The citizen's name.")
    email: Email | None = Field(None, description="Where to answer, such as name@example.org.")
    channel: Literal["web"] = "web"
    point: Literal["form", "app"] = "form"


class EnquiryReceipt(Shown):
    """Keep the reference: it is how the enquiry is found again."""

    reference: str
    enquiry_id: UUID
    received_at: datetime
    track: str = Field(description="The path that shows how the enquiry fares.")


class EnquiryTracked(Shown):
    """How an enquiry fares: nothing personal."""

    reference: str
    received_at: datetime
    state: domain.Stage
    in_words: str
    answered_at: datetime | None
    resolved_at: datetime | None
    acknowledge_by: datetime | None = Field(description="When the citizen has heard from us at the latest.")
    kept: bool | None = Field(description="Whether that promise was kept; null while it can still be.")


async def post_enquiry(call: Call[NewEnquiry]) -> Answer:
    """The citizen may go as soon as this has answered: what they said is safe, whatever else is away."""
    asked = call.body
    submission = domain.Submission(
        enquiry_id=EnquiryId(new_id()),
        contact_id=ContactId(new_id()),
        channel=Channel(asked.channel),
        point=Point(asked.point),
        service_code=asked.service_code,
        title=asked.title,
        text=asked.text,
        place=asked.place,
        citizen_name=asked.name,
        citizen_email=asked.email,
    )

    async def receive(work: Work) -> Answer:
        receipt = await actions.receive(work, submission, council_prefix())
        track = ADDRESS + receipt.reference
        shown = EnquiryReceipt(
            reference=receipt.reference,
            enquiry_id=submission.enquiry_id,
            received_at=receipt.received_at,
            track=track,
        )
        return Answer(201, shown, {"Location": track})

    return await call.command([], receive, fresh=[enquiry_subject(submission.enquiry_id)])


async def get_enquiry(call: Call[None]) -> Answer:
    reference = domain.parse_reference(council_prefix(), call.path["reference"])
    async with call.workshop.reading() as db:
        found = await store.tracked(db, reference)
    if found is None:
        raise NotFound(f"We know of no enquiry {reference}: compare it with the reference we gave you.")
    stage = domain.stage_of(found.milestones)
    shown = EnquiryTracked(
        reference=found.reference,
        received_at=found.received_at,
        state=stage,
        in_words=domain.IN_WORDS[stage],
        answered_at=found.milestones.answered_at,
        resolved_at=found.milestones.resolved_at,
        acknowledge_by=found.acknowledge_by,
        kept=found.kept,
    )
    return Answer(200, shown)


SERVES = (
    route(
        "POST",
        "/v1/enquiries",
        post_enquiry,
        who=(Role.PUBLIC,),
        takes=NewEnquiry,
        gives={201: EnquiryReceipt},
        refuses=(409, 422),
        command=True,
        summary="Take in an enquiry.",
    ),
    route(
        "GET",
        "/v1/enquiries/{reference}",
        get_enquiry,
        who=(Role.PUBLIC,),
        gives={200: EnquiryTracked},
        refuses=(404, 422),
        summary="Show how an enquiry fares, to whoever knows its reference.",
    ),
)
